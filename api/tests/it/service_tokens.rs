//! Service tokens: made and shown once, as far as their scopes go, and ended everywhere.

use reqwest::Method;
use serde_json::{Value, json};
use tidemark_kernel::Role;
use tidemark_tenancy::TenantCommand;

use crate::support::{Answer, Person, TestApp, eventually};

async fn make(app: &TestApp, admin: &Person, scopes: &[&str]) -> Answer {
    let body = json!({ "name": "Static site", "scopes": scopes });
    app.post("/service-tokens", &body).token(&admin.token).send().await
}

fn post() -> Value {
    json!({ "title": "By a program", "content": "x", "category": "tech", "tags": [] })
}

#[tokio::test]
async fn a_token_is_shown_once_and_kept_as_a_hash() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let made = make(&app, &admin, &["content:read", "content:read"]).await.expect(201);
    let (id, token) = (made.text("id"), made.text("token"));
    assert_eq!(made.header("location"), Some(&*format!("/api/v1/service-tokens/{id}")));
    assert_eq!((made.header("cache-control"), made.header("etag")), (Some("no-store"), Some("\"1\"")));
    assert_eq!((&made.json["scopes"], &made.json["createdBy"]), (&json!(["content:read"]), &json!(admin.id)));
    let after = made.position();
    let listed =
        app.get("/service-tokens").token(&admin.token).header("tidemark-after", &after).send().await.expect(200);
    assert_eq!((&listed.json["data"][0]["id"], &listed.json["data"][0]["token"]), (&json!(id), &Value::Null));
    let secret = token.rsplit('_').next().unwrap();
    assert!(!String::from_utf8_lossy(&listed.body).contains(secret));
    let kept: Vec<String> = sqlx::query_scalar(
        "select payload::text || metadata::text from log.events union all select value from log.secrets \
         union all select encode(answer, 'escape') from log.idempotency_keys",
    )
    .fetch_all(app.operator.pool())
    .await
    .unwrap();
    assert!(kept.iter().all(|text| !text.contains(secret)));
    // The same request again is another token: its answer was not remembered.
    let body = json!({ "name": "Twice", "scopes": ["content:read"] });
    let twice = || app.post("/service-tokens", &body).token(&admin.token).header("idempotency-key", "twice").send();
    assert_ne!(twice().await.expect(201).text("token"), twice().await.expect(201).text("token"));
}

#[tokio::test]
async fn a_token_does_what_its_scopes_open_and_is_the_actor() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let made = make(&app, &admin, &["content:write", "content:read"]).await.expect(201);
    let token = made.text("token");
    let written = app.post("/posts", &post()).token(&token).header("idempotency-key", "1").send().await.expect(201);
    assert_eq!(written.json["author"]["id"], json!(admin.id));
    let again = app.post("/posts", &post()).token(&token).header("idempotency-key", "1").send().await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let path = format!("/posts/{}", written.text("id"));
    let editor = app.editor().await;
    let others = app.post("/posts", &post()).token(&editor.token).send().await.expect(201).text("id");
    app.patch(&format!("/posts/{others}"), &json!({ "title": "Edited" })).token(&token).send().await.expect(200);
    app.get(&path).token(&token).header("tidemark-after", written.position()).send().await.expect(200);
    let actor: Option<String> = sqlx::query_scalar(
        "select metadata ->> 'actor' from log.events where event_type = 'PostCreated' order by position limit 1",
    )
    .fetch_one(app.operator.pool())
    .await
    .unwrap();
    assert_eq!(actor, Some(format!("serviceToken:{}", made.text("id"))));
    // Its own limit, as somebody signed in has.
    let read = app.get("/tags").token(&token).send().await.expect(200);
    assert!(read.header("ratelimit-policy").unwrap().starts_with("\"signed-in\""));
    // What no scope opens is closed, however much the admin who made it may.
    for (method, path) in [
        (Method::GET, "/users"),
        (Method::POST, "/users"),
        (Method::GET, "/settings"),
        (Method::PATCH, "/settings"),
        (Method::GET, "/service-tokens"),
        (Method::POST, "/service-tokens"),
        (Method::GET, "/auth/me"),
        (Method::GET, "/auth/sessions"),
        (Method::POST, "/auth/logout"),
        (Method::POST, "/auth/login"),
    ] {
        let asked = app.ask(method.clone(), &format!("/api/v1{path}"));
        let asked = if method == Method::GET { asked } else { asked.json(&json!({})) };
        asked.token(&token).send().await.expect_problem(403, "FORBIDDEN");
    }
    let role = app.put(&format!("/users/{}/role", editor.id), &json!({ "role": "admin" }));
    role.token(&token).send().await.expect_problem(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_token_that_was_revoked_ends_on_every_process() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (beside, _running) = app.beside().await;
    let made = make(&app, &admin, &["content:read"]).await.expect(201);
    let token = made.text("token");
    let ask = async |base: &str| app.ask_at(base, Method::GET, "/api/v1/tags").token(&token).send().await;
    for base in [&app.base, &beside] {
        ask(base).await.expect(200);
    }
    let revoke = || app.delete(&format!("/service-tokens/{}", made.text("id"))).token(&admin.token).send();
    let revoked = revoke().await.expect(204);
    for base in [&app.base, &beside] {
        eventually("it has ended", async || ask(base).await.json["code"] == "INVALID_TOKEN").await;
    }
    revoke().await.expect_problem(404, "NOT_FOUND");
    let list = app.get("/service-tokens").token(&admin.token).header("tidemark-after", revoked.position());
    assert_eq!(list.send().await.expect(200).json["data"], json!([]));
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_with_its_tenant() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let past = json!({ "name": "Late", "scopes": ["content:read"], "expiresAt": "2020-01-01T00:00:00.000Z" });
    let refused = app.post("/service-tokens", &past).token(&admin.token).send().await.expect(400);
    assert_eq!(refused.faults(), ["expiresAt: out_of_range"]);
    let soon = (chrono::Utc::now() + chrono::Duration::seconds(2)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let body = json!({ "name": "Brief", "scopes": ["content:read"], "expiresAt": soon });
    let brief = app.post("/service-tokens", &body).token(&admin.token).send().await.expect(201).text("token");
    eventually("it has expired", async || app.get("/tags").token(&brief).send().await.json["code"] == "TOKEN_EXPIRED")
        .await;
    let token = make(&app, &admin, &["content:read"]).await.expect(201).text("token");
    app.get("/tags").token(&token).send().await.expect(200);
    app.tell_tenant("demo", |_, at| TenantCommand::Suspend { reason: None, at }).await;
    eventually("the tenant is suspended", async || {
        app.get("/tags").token(&token).send().await.json["code"] == "TENANT_SUSPENDED"
    })
    .await;
}

#[tokio::test]
async fn what_was_never_issued_or_belongs_elsewhere_is_no_token() {
    let app = TestApp::start().await;
    app.create_tenant("acme").await;
    let admin = app.admin().await;
    let token = make(&app, &admin, &["content:read"]).await.expect(201).text("token");
    app.get("/tags").tenant("acme").token(&token).send().await.expect_problem(401, "TOKEN_TENANT_MISMATCH");
    let foreign = token.replace("_demo_", "_acme_");
    app.get("/tags").tenant("acme").token(&foreign).send().await.expect_problem(401, "INVALID_TOKEN");
    for wrong in ["tmst_", "tmst_demo_", "tmst_demo_AAAA", &token[..token.len() - 1], &format!("{token}A")] {
        app.get("/tags").token(wrong).send().await.expect_problem(401, "INVALID_TOKEN");
    }
    let other = app.person("acme", Role::Admin).await;
    let made = app.get("/service-tokens").tenant("acme").token(&other.token).send().await.expect(200);
    assert_eq!(made.json["data"], json!([]));
}

#[tokio::test]
async fn a_token_nobody_can_have_is_refused_with_all_that_is_wrong() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let faults =
        async |body: Value| app.post("/service-tokens", &body).token(&admin.token).send().await.expect(400).faults();
    assert_eq!(faults(json!({})).await, ["name: required", "scopes: required"]);
    let body = json!({ "name": "", "scopes": ["everything", 7], "expiresAt": "soon", "role": "admin" });
    assert_eq!(
        faults(body).await,
        [
            "expiresAt: invalid",
            "name: too_short",
            "role: unknown_field",
            "scopes[0]: not_allowed",
            "scopes[1]: invalid"
        ]
    );
    assert_eq!(faults(json!({ "name": "x", "scopes": [] })).await, ["scopes: too_short"]);
    assert_eq!(faults(json!({ "name": "x", "scopes": null })).await, ["scopes: required"]);
}

#[tokio::test]
async fn a_tenant_has_a_hundred_tokens_and_no_more() {
    let app = TestApp::start().await;
    app.create_tenant("other").await;
    let (admin, other) = (app.admin().await, app.person("other", Role::Admin).await);
    sqlx::query("insert into log.secrets (tenant_id, kind, subject, value) select 'demo', 'serviceToken', gen_random_uuid()::text, '{}' from generate_series(1, 98)")
        .execute(&app.database.owner)
        .await
        .unwrap();
    let made = futures::future::join_all((0..4).map(|_| make(&app, &admin, &["content:read"]))).await;
    let (made, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 2);
    for answer in refused {
        let refused = answer.expect_problem(409, "TOO_MANY_SERVICE_TOKENS");
        assert!(refused.text("detail").contains("at most 100"), "{}", refused.json);
    }
    app.delete(&format!("/service-tokens/{}", made[0].text("id"))).token(&admin.token).send().await.expect(204);
    make(&app, &admin, &["content:read"]).await.expect(201);
    let body = json!({ "name": "Static site", "scopes": ["content:read"] });
    app.post("/service-tokens", &body).tenant("other").token(&other.token).send().await.expect(201);
}

/// A token belongs to its tenant, as decision 17 has it: what becomes of the admin who made it ends nothing by surprise.
#[tokio::test]
async fn a_token_outlives_the_admin_who_made_it_until_somebody_revokes_it() {
    let app = TestApp::start().await;
    let (maker, admin) = (app.admin().await, app.admin().await);
    let made = make(&app, &maker, &["content:read", "content:write", "users:read"]).await.expect(201);
    let (id, token) = (made.text("id"), made.text("token"));
    let works = async |what: &str| {
        app.get("/tags").token(&token).send().await.expect(200);
        let written = app.post("/posts", &post()).token(&token).send().await;
        assert_eq!(written.status, 201, "{what}: {}", written.json);
        // However little its maker may, and however much: the scopes alone count.
        app.get("/users").token(&token).send().await.expect_problem(403, "FORBIDDEN");
    };
    works("made").await;
    let role = format!("/users/{}/role", maker.id);
    app.put(&role, &json!({ "role": "member" })).token(&admin.token).send().await.expect(200);
    works("its maker was demoted").await;
    app.delete(&format!("/users/{}", maker.id)).token(&admin.token).send().await.expect(204);
    works("its maker was deleted").await;
    let erase = app.delete(&format!("/users/{}?erase=true", maker.id)).token(&admin.token);
    let erased = erase.send().await.expect(200);
    works("its maker was erased").await;
    let list = app.get("/service-tokens").token(&admin.token).header("tidemark-after", erased.position());
    let listed = list.send().await.expect(200);
    assert_eq!((&listed.json["data"][0]["id"], &listed.json["data"][0]["createdBy"]), (&json!(id), &json!(maker.id)));
    app.delete(&format!("/service-tokens/{id}")).token(&admin.token).send().await.expect(204);
    eventually("it has ended", async || app.get("/tags").token(&token).send().await.status == 401).await;
}

/// The name of an author is a part of the post, and public with it; accounts are another matter.
#[tokio::test]
async fn a_token_that_reads_posts_reads_whose_they_are_and_nothing_else_of_people() {
    let app = TestApp::start().await;
    let (admin, editor) = (app.admin().await, app.editor().await);
    let token = make(&app, &admin, &["content:read"]).await.expect(201).text("token");
    let published = json!({ "title": "Mine", "content": "x", "category": "tech", "tags": [], "published": true });
    let written = app.post("/posts", &published).token(&editor.token).send().await.expect(201);
    let read = async |token: Option<&str>| {
        let ask = app.get("/posts").header("tidemark-after", written.position());
        let ask = if let Some(token) = token { ask.token(token) } else { ask };
        ask.send().await.expect(200)
    };
    let (by_token, by_anyone) = (read(Some(&token)).await, read(None).await);
    assert_eq!(by_token.json["data"][0]["author"], by_anyone.json["data"][0]["author"]);
    assert_eq!(by_token.json["data"][0]["author"]["name"], "Somebody");
    assert!(!String::from_utf8_lossy(&by_token.body).contains(&editor.email));
    app.get(&format!("/users/{}", editor.id)).token(&token).send().await.expect_problem(403, "FORBIDDEN");
}
