//! Registering, signing in, and one's own account.

use serde_json::json;

use crate::support::{PASSWORD, TestApp};

fn ada() -> serde_json::Value {
    json!({ "email": "Ada@Example.com", "password": PASSWORD, "name": "Ada" })
}

#[tokio::test]
async fn somebody_registers_signs_in_and_sees_the_account() {
    let app = TestApp::start().await;
    let registered = app.post("/auth/register", &ada()).send().await.expect(201);
    assert_eq!(registered.json["tokenType"], "Bearer");
    assert_eq!(registered.json["expiresIn"], 900);
    assert_eq!(registered.json["user"]["role"], "member");
    assert_eq!(registered.header("cache-control"), Some("no-store"));
    assert_eq!(registered.header("etag"), Some("\"1\""));
    assert!(!registered.position().is_empty());

    // At once, without a position: one's own account is always there.
    let me = app.get("/auth/me").token(&registered.text("accessToken")).send().await.expect(200);
    assert_eq!(me.json, registered.json["user"]);
    assert_eq!(me.header("cache-control"), Some("no-store"));

    let signed_in =
        app.post("/auth/login", &json!({ "email": "ada@EXAMPLE.com", "password": PASSWORD })).send().await.expect(200);
    assert_eq!(signed_in.json["user"]["id"], registered.json["user"]["id"]);
    assert_eq!(signed_in.json["user"]["version"], 2);
}

#[tokio::test]
async fn an_email_is_taken_whatever_its_case() {
    let app = TestApp::start().await;
    app.post("/auth/register", &ada()).send().await.expect(201);
    let again = json!({ "email": "ADA@example.com", "password": PASSWORD, "name": "Eve" });
    let refused = app.post("/auth/register", &again).send().await.expect_problem(409, "EMAIL_CONFLICT");
    assert_eq!(refused.json["type"], "urn:tidemark:problem:email-conflict");
}

#[tokio::test]
async fn an_unknown_email_and_a_wrong_password_are_told_the_same() {
    let app = TestApp::start().await;
    app.post("/auth/register", &ada()).send().await.expect(201);
    let mut answers = Vec::new();
    for (email, password) in [
        ("ada@example.com", "wrong password"),
        ("nobody@example.com", "wrong password"),
        ("no address", "wrong password"),
    ] {
        let body = json!({ "email": email, "password": password });
        let answer = app
            .post("/auth/login", &body)
            .header("x-request-id", "same")
            .send()
            .await
            .expect_problem(401, "INVALID_CREDENTIALS");
        answers.push((answer.body.clone(), answer.header("www-authenticate").map(str::to_owned)));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn an_unknown_email_takes_as_long_as_a_wrong_password() {
    let app = TestApp::start().await;
    app.post("/auth/register", &ada()).send().await.expect(201);
    let took = async |email: &str| {
        let body = json!({ "email": email, "password": "wrong password" });
        let mut times = Vec::new();
        for _ in 0..9 {
            let started = std::time::Instant::now();
            app.post("/auth/login", &body).send().await.expect(401);
            times.push(started.elapsed());
        }
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let (known, unknown) = (took("ada@example.com").await, took("nobody@example.com").await);
    assert!((0.5..2.0).contains(&(known / unknown)), "known {known} s, unknown {unknown} s");
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let app = TestApp::start().await;
    let body =
        json!({ "email": "nowhere", "password": "short", "name": 7, "role": "admin", "tokenDelivery": "pigeon" });
    let refused = app.post("/auth/register", &body).send().await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(
        refused.faults(),
        ["email: invalid", "name: invalid", "password: too_short", "role: unknown_field", "tokenDelivery: not_allowed"]
    );
    let refused = app.post("/auth/register", &json!({})).send().await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.faults(), ["email: required", "name: required", "password: required"]);
    let common = json!({ "email": "ada@example.com", "password": "password1", "name": "Ada\u{0}" });
    let refused = app.post("/auth/register", &common).send().await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.faults(), ["name: invalid", "password: not_allowed"]);
}

#[tokio::test]
async fn people_change_what_they_say_about_themselves() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let edited = app
        .patch("/auth/me", &json!({ "name": "Grace", "avatarUrl": "/media/1" }))
        .token(&member.token)
        .send()
        .await
        .expect(200);
    assert_eq!((edited.text("name"), edited.text("avatarUrl")), ("Grace".to_owned(), "/media/1".to_owned()));
    let cleared = app.patch("/auth/me", &json!({ "avatarUrl": null })).token(&member.token).send().await.expect(200);
    assert!(cleared.json["avatarUrl"].is_null());
    let seen =
        app.get("/auth/me").token(&member.token).header("tidemark-after", cleared.position()).send().await.expect(200);
    assert_eq!(seen.json, cleared.json);
    app.patch("/auth/me", &json!({ "name": null }))
        .token(&member.token)
        .send()
        .await
        .expect_problem(400, "VALIDATION_FAILED");
    app.patch("/auth/me", &json!({ "name": "Eve" })).send().await.expect_problem(401, "NOT_SIGNED_IN");
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_everywhere() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let (beside, _running) = app.beside().await;
    let other = app.sign_in("demo", &member.email, PASSWORD).await;
    let wrong = json!({ "current": "not this one", "new": "another horse battery" });
    app.put("/auth/password", &wrong).token(&member.token).send().await.expect_problem(403, "INVALID_CREDENTIALS");
    let right = json!({ "current": PASSWORD, "new": "another horse battery" });
    let changed = app.put("/auth/password", &right).token(&member.token).send().await.expect(204);
    assert!(changed.body.is_empty() && !changed.position().is_empty());

    for base in [&app.base, &beside] {
        crate::support::eventually("the other session ends", async || {
            app.ask_at(base, reqwest::Method::GET, "/api/v1/auth/me").token(&other).send().await.status == 401
        })
        .await;
        app.ask_at(base, reqwest::Method::GET, "/api/v1/auth/me").token(&member.token).send().await.expect(200);
    }
    app.post("/auth/login", &json!({ "email": member.email, "password": PASSWORD })).send().await.expect(401);
    let new = app.sign_in("demo", &member.email, "another horse battery").await;
    app.get("/auth/me").token(&new).send().await.expect(200);
}

#[tokio::test]
async fn nothing_that_is_stored_or_fanned_out_shows_a_password() {
    let app = TestApp::start().await;
    app.post("/auth/register", &ada()).send().await.expect(201);
    let shown =
        "select count(*) from log.events where payload::text ~ 'horse|argon2' or metadata::text ~ 'horse|argon2'";
    assert_eq!(app.database.count(shown).await, 0);
}

#[tokio::test]
async fn an_account_that_the_read_model_does_not_show_yet_is_not_denied() {
    let app = TestApp::start().await;
    // Reads go on, writes wait.
    let mut held = app.database.owner.begin().await.unwrap();
    sqlx::query("lock table read.identity_users in share mode").execute(&mut *held).await.unwrap();
    let token = app.post("/auth/register", &ada()).send().await.expect(201).text("accessToken");
    let behind = app.get("/auth/me").token(&token).send().await.expect_problem(503, "READ_MODEL_BEHIND");
    assert_eq!(behind.header("retry-after"), Some("1"));
    held.rollback().await.unwrap();
    crate::support::eventually("the account shows", async || {
        app.get("/auth/me").token(&token).send().await.status == 200
    })
    .await;
}

#[tokio::test]
async fn sign_ins_of_one_account_at_once_all_succeed() {
    let app = TestApp::start().await;
    app.post("/auth/register", &ada()).send().await.expect(201);
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let answers = futures::future::join_all((0..8).map(|_| app.post("/auth/login", &body).send())).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}
