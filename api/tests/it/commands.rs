//! What all commands have in common: keys, preconditions, positions.

use futures::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Answer, PASSWORD, Person, TestApp};

fn post() -> Value {
    json!({ "title": "On tides", "content": "They come and go.", "category": "tech" })
}

async fn create(app: &TestApp, by: &Person, key: &str, body: &Value) -> Answer {
    app.post("/posts", body).token(&by.token).header("idempotency-key", key).send().await
}

#[tokio::test]
async fn the_same_request_again_has_the_first_answer_byte_for_byte() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let first = create(&app, &editor, "key-1", &post()).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = create(&app, &editor, "key-1", &post()).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    for name in ["etag", "location", "tidemark-position", "content-type"] {
        assert!(first.header(name).is_some() && first.header(name) == again.header(name), "{name}");
    }
    // The unversioned path is the same route.
    let unversioned = app
        .ask(reqwest::Method::POST, "/api/posts")
        .json(&post())
        .token(&editor.token)
        .header("idempotency-key", "key-1");
    assert_eq!(unversioned.send().await.expect(201).body, first.body);
    assert_eq!(app.database.count("select count(*) from log.events where event_type = 'PostCreated'").await, 1);
}

#[tokio::test]
async fn a_204_and_a_change_of_nothing_are_remembered_too() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let made = create(&app, &editor, "make", &post()).await.expect(201);
    let path = format!("/posts/{}", made.text("id"));
    let same = json!({ "title": "On tides" });
    let patch = || app.patch(&path, &same).token(&editor.token).header("idempotency-key", "no-op");
    let first = patch().send().await.expect(200);
    assert_eq!((first.header("etag"), first.position()), (made.header("etag"), made.position()));
    let delete = || app.delete(&path).token(&editor.token).header("idempotency-key", "delete");
    let deleted = delete().send().await.expect(204);
    assert_ne!(deleted.position(), made.position());
    let again = delete().send().await.expect(204);
    assert_eq!((again.header("idempotency-replayed"), again.position()), (Some("true"), deleted.position()));
    // What was answered before the post was archived is answered still.
    let late = patch().send().await.expect(200);
    assert_eq!((late.header("idempotency-replayed"), &late.body), (Some("true"), &first.body));
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_person() {
    let app = TestApp::start().await;
    let (editor, other) = (app.editor().await, app.editor().await);
    let made = create(&app, &editor, "key", &post()).await.expect(201);
    let changed = json!({ "title": "On moons", "content": "They come and go.", "category": "tech" });
    create(&app, &editor, "key", &changed).await.expect_problem(422, "IDEMPOTENCY_KEY_REUSED");
    let path = format!("/posts/{}", made.text("id"));
    let another_route =
        app.patch(&path, &json!({ "title": "On moons" })).token(&editor.token).header("idempotency-key", "key");
    another_route.send().await.expect_problem(422, "IDEMPOTENCY_KEY_REUSED");
    let others = create(&app, &other, "key", &post()).await.expect(201);
    assert_ne!(others.json["id"], made.json["id"]);
}

#[tokio::test]
async fn of_many_at_once_with_one_key_one_is_executed() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (beside, _running) = app.beside().await;
    let body = post();
    let asked = (0..16).map(|n| {
        let base = if n % 2 == 0 { &app.base } else { &beside };
        app.ask_at(base, reqwest::Method::POST, "/api/v1/posts")
            .json(&body)
            .token(&editor.token)
            .header("idempotency-key", "one")
            .send()
    });
    let answers: Vec<Answer> = join_all(asked).await.into_iter().map(|answer| answer.expect(201)).collect();
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count(), 1);
    assert_eq!(app.database.count("select count(*) from log.events where event_type = 'PostCreated'").await, 1);
}

#[tokio::test]
async fn a_malformed_key_is_refused_and_a_refusal_uses_none_up() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let too_long = "k".repeat(256);
    for key in ["", "two words", "caf\u{e9}", &too_long] {
        create(&app, &editor, key, &post()).await.expect_problem(400, "MALFORMED_REQUEST");
    }
    create(&app, &editor, &"k".repeat(255), &post()).await.expect(201);
    create(&app, &editor, "again", &json!({ "title": "" })).await.expect_problem(400, "VALIDATION_FAILED");
    create(&app, &editor, "again", &post()).await.expect(201);
}

#[tokio::test]
async fn sign_in_routes_take_no_notice_of_keys() {
    let app = TestApp::start().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" });
    app.post("/auth/register", &body).header("idempotency-key", "two words").send().await.expect(201);
    app.post("/auth/register", &body)
        .header("idempotency-key", "two words")
        .send()
        .await
        .expect_problem(409, "EMAIL_CONFLICT");
    let answers = "select count(*) from log.idempotency_keys";
    assert_eq!(app.database.count(answers).await, 0);
}

#[tokio::test]
async fn a_resource_that_has_moved_on_is_left_alone() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let made = create(&app, &editor, "make", &post()).await.expect(201);
    let path = format!("/posts/{}", made.text("id"));
    let patch = |title: &str, tag: &str| {
        app.patch(&path, &json!({ "title": title })).token(&editor.token).header("if-match", tag).send()
    };
    let edited = patch("Second", made.header("etag").unwrap()).await.expect(200);
    let refused = patch("Third", made.header("etag").unwrap()).await.expect_problem(412, "VERSION_MISMATCH");
    assert_eq!(refused.header("etag"), edited.header("etag"));
    let third = patch("Third", "*").await.expect(200);
    let seen = app.get(&path).token(&editor.token).header("tidemark-after", third.position()).send().await.expect(200);
    assert!(seen.header("etag").unwrap().contains('.'));
    patch("Fourth", seen.header("etag").unwrap()).await.expect(200);
    for malformed in
        ["", "1", "\"one\"", "\"\"", "\"-1\"", "\"1", "W/\"1\"", "\"1\", \"2\"", "\"99999999999999999999\""]
    {
        patch("Fifth", malformed).await.expect_problem(400, "MALFORMED_REQUEST");
    }
    let nobody = "/posts/0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b";
    let absent =
        app.patch(nobody, &json!({ "title": "A" })).token(&editor.token).header("if-match", "\"1\"").send().await;
    absent.expect_problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_version_is_told_only_to_those_who_may_change_the_resource() {
    let app = TestApp::start().await;
    let (author, other, member, admin) =
        (app.editor().await, app.editor().await, app.member().await, app.admin().await);
    let made = create(&app, &author, "make", &post()).await.expect(201);
    let path = format!("/posts/{}", made.text("id"));
    let late =
        |by: &Person| app.patch(&path, &json!({ "title": "Late" })).token(&by.token).header("if-match", "\"7\"").send();
    for stranger in [&other, &member] {
        assert_eq!(late(stranger).await.expect_problem(403, "FORBIDDEN").header("etag"), None);
    }
    for may in [&author, &admin] {
        assert_eq!(late(may).await.expect_problem(412, "VERSION_MISMATCH").header("etag"), Some("\"1\""));
    }
    app.delete(&path).token(&author.token).send().await.expect(204);
    assert_eq!(late(&author).await.expect_problem(404, "NOT_FOUND").header("etag"), None);
    let user = app.patch(&format!("/users/{}", admin.id), &json!({ "name": "Late" })).header("if-match", "\"99\"");
    user.token(&member.token).send().await.expect_problem(403, "FORBIDDEN");
}

#[tokio::test]
async fn what_is_only_made_by_the_request_has_no_version_to_match() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    for tag in ["\"3\"", "*"] {
        app.post("/posts", &post()).token(&editor.token).header("if-match", tag).send().await.expect(201);
    }
    let user = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada", "role": "member" });
    app.post("/users", &user).token(&admin.token).header("if-match", "\"3\"").send().await.expect(201);
}

#[tokio::test]
async fn a_lost_race_without_a_precondition_is_invisible() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (beside, _running) = app.beside().await;
    let made = create(&app, &editor, "make", &post()).await.expect(201);
    let path = format!("/api/v1/posts/{}", made.text("id"));
    let asked = (0..20).map(|n| {
        let base = if n % 2 == 0 { &app.base } else { &beside };
        app.ask_at(base, reqwest::Method::PATCH, &path)
            .json(&json!({ "title": format!("Title {n}") }))
            .token(&editor.token)
            .send()
    });
    let mut versions: Vec<i64> =
        join_all(asked).await.into_iter().map(|answer| answer.expect(200).json["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=21).collect::<Vec<i64>>());
}

#[tokio::test]
async fn positions_rise_are_sealed_and_belong_to_their_tenant() {
    let app = TestApp::start().await;
    app.create_tenant("acme").await;
    let (editor, acme) = (app.editor().await, app.person("acme", tidemark_kernel::Role::Editor).await);
    let first = create(&app, &editor, "1", &post()).await.expect(201).position();
    let second = create(&app, &editor, "2", &post()).await.expect(201).position();
    let number = |position: &str| position.split('.').nth(1).unwrap().parse::<i64>().unwrap();
    assert_eq!(number(&second), number(&first) + 1);
    let foreign = app.get("/posts").tenant("acme").token(&acme.token).header("tidemark-after", &second).send().await;
    assert_eq!(foreign.status, 400);
    let edited = second.replacen(&format!(".{}.", number(&second)), &format!(".{}.", number(&second) - 1), 1);
    assert_eq!(app.get("/posts").header("tidemark-after", edited).send().await.status, 400);
}

#[tokio::test]
async fn what_is_remembered_of_a_request_is_no_digest_of_a_password() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada", "role": "member" });
    app.post("/users", &body).token(&admin.token).header("idempotency-key", "ada").send().await.expect(201);
    let remembered: Vec<u8> = sqlx::query_scalar("select request_hash from log.idempotency_keys")
        .fetch_one(&app.database.owner)
        .await
        .unwrap();
    let mut target = Sha256::new();
    for part in ["POST", "/users", ""] {
        target.update((part.len() as u64).to_be_bytes());
        target.update(part.as_bytes());
    }
    let (target, body) = (target.finalize(), Sha256::digest(body.to_string()));
    let plain = Sha256::new().chain_update(target).chain_update(body).finalize();
    assert_ne!(remembered[..], plain[..]);
    assert_eq!(remembered.len(), 32);
}
