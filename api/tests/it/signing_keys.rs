//! The keys that sign access tokens: made at the first start, kept sealed, and replaced while processes run.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use sqlx::Connection;
use tidemark_engine::signing_keys::{self, SigningVault};

use crate::support::{Person, TestApp, TestDatabase, eventually};

/// An API whose tokens are signed by the keys of its database.
async fn app() -> TestApp {
    TestApp::start_with(|settings| settings.signing_key_file = None).await
}

async fn kids(app: &TestApp, base: &str) -> Vec<String> {
    let keys = app.ask_at(base, Method::GET, "/.well-known/jwks.json").send().await.expect(200).json;
    assert!(keys["keys"].as_array().unwrap().iter().all(|key| key.get("d").is_none()));
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid_of(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

async fn status(app: &TestApp, base: &str, token: &str) -> u16 {
    app.ask_at(base, Method::GET, "/api/v1/auth/me").token(token).send().await.status
}

async fn sign_in(app: &TestApp, person: &Person) -> String {
    app.sign_in("demo", &person.email, crate::support::PASSWORD).await
}

fn vault(app: &TestApp) -> SigningVault {
    SigningVault::new(app.settings.derive_key(signing_keys::PURPOSE), None)
}

#[tokio::test]
async fn the_first_key_is_made_at_the_first_start_and_is_every_processes() {
    let app = app().await;
    let (base, _running) = app.beside().await;
    let member = app.member().await;
    assert_eq!(status(&app, &base, &member.token).await, 200);
    assert_eq!(kids(&app, &app.base).await, [kid_of(&member.token)]);
    assert_eq!(kids(&app, &base).await, [kid_of(&member.token)]);
    assert_eq!(app.database.count("select count(*) from log.signing_keys").await, 1);
    let (wrapped, x): (Vec<u8>, Value) = {
        let row: Vec<u8> = sqlx::query_scalar("select wrapped_key from log.signing_keys")
            .fetch_one(&app.database.owner)
            .await
            .unwrap();
        (row, app.ask(Method::GET, "/.well-known/jwks.json").send().await.json["keys"][0]["x"].clone())
    };
    // What the database holds is sealed: 32 bytes of a key among a form, a nonce and a tag.
    assert_eq!(wrapped.len(), 1 + 24 + 32 + 16);
    assert!(x.is_string());
}

#[tokio::test]
async fn a_rotation_ends_nobodys_token_and_needs_no_restart() {
    let app = app().await;
    let (base, _running) = app.beside().await;
    let member = app.member().await;
    let before = kid_of(&member.token);
    let mut owner = app.database.owner.acquire().await.unwrap();
    let rotated = vault(&app).rotate(&mut owner, Duration::from_secs(6)).await.unwrap();
    let after = rotated.id.to_string();
    // Published before it signs, on every process.
    for base in [&app.base, &base] {
        eventually("the next key is published", async || kids(&app, base).await == [before.clone(), after.clone()])
            .await;
    }
    assert_eq!(kid_of(&sign_in(&app, &member).await), before);
    let again = vault(&app).rotate(&mut owner, Duration::from_secs(6)).await.unwrap_err().to_string();
    assert!(again.starts_with("a rotation is under way"), "{again}");
    eventually("the next key signs", async || kid_of(&sign_in(&app, &member).await) == after).await;
    let new = sign_in(&app, &member).await;
    for base in [&app.base, &base] {
        assert_eq!((status(&app, base, &member.token).await, status(&app, base, &new).await), (200, 200));
    }
    let left: f64 = sqlx::query_scalar(
        "select extract(epoch from verifies_until - clock_timestamp())::float8 from log.signing_keys where verifies_until is not null",
    )
    .fetch_one(&mut *owner)
    .await
    .unwrap();
    assert!((900.0..=966.0).contains(&left), "it verifies for as long as its last token lives: {left}");
    // And no longer.
    sqlx::query("update log.signing_keys set verifies_until = clock_timestamp() where verifies_until is not null")
        .execute(&mut *owner)
        .await
        .unwrap();
    for base in [&app.base, &base] {
        eventually("the old key is gone", async || kids(&app, base).await == [after.clone()]).await;
        let told = app.ask_at(base, Method::GET, "/api/v1/auth/me").token(&member.token).send().await;
        told.expect_problem(401, "INVALID_TOKEN");
        assert_eq!(status(&app, base, &new).await, 200);
    }
}

#[tokio::test]
async fn a_key_that_was_seen_is_dropped_at_once() {
    let app = app().await;
    let (base, _running) = app.beside().await;
    let member = app.member().await;
    // Remembered as good, which must not outlive the key.
    for base in [&app.base, &base] {
        assert_eq!(status(&app, base, &member.token).await, 200);
    }
    let mut owner = app.database.owner.acquire().await.unwrap();
    let replaced = vault(&app).replace(&mut owner).await.unwrap();
    for base in [&app.base, &base] {
        eventually("the token ends", async || status(&app, base, &member.token).await == 401).await;
    }
    let new = sign_in(&app, &member).await;
    assert_eq!(kid_of(&new), replaced.id.to_string());
    assert_eq!((status(&app, &app.base, &new).await, status(&app, &base, &new).await), (200, 200));
}

#[tokio::test]
async fn a_file_goes_before_the_keys_of_the_database_and_those_go_on_verifying() {
    let app = app().await;
    let member = app.member().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let pem = {
        use ed25519_dalek::pkcs8::EncodePrivateKey;
        let key = ed25519_dalek::SigningKey::from_bytes(&crate::support::SIGNING_KEY);
        key.to_pkcs8_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF).unwrap()
    };
    std::fs::write(file.path(), pem.as_bytes()).unwrap();
    let mut settings = app.settings.clone();
    settings.signing_key_file = Some(file.path().to_owned());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = tidemark_api::start(listener, settings, app.shutdown.clone()).await.unwrap();
    let base = format!("http://{}", running.addr);
    eventually("it is ready", async || app.ask_at(&base, Method::GET, "/health/ready").send().await.status == 200)
        .await;
    assert_eq!(status(&app, &base, &member.token).await, 200);
    let kids = kids(&app, &base).await;
    assert_eq!((kids.len(), &kids[1]), (2, &kid_of(&member.token)));
    let body = serde_json::json!({ "email": member.email, "password": crate::support::PASSWORD });
    let signed = app.ask_at(&base, Method::POST, "/api/v1/auth/login").json(&body).send().await.expect(200);
    assert_eq!(kid_of(&signed.text("accessToken")), kids[0]);
}

#[tokio::test]
async fn a_process_with_another_secret_does_not_sign() {
    let app = app().await;
    app.member().await;
    let mut settings = app.settings.clone();
    settings.secret = "another secret that is long enough for anybody".into();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = tidemark_api::start(listener, settings, app.shutdown.clone()).await.unwrap();
    let ended = crate::support::soon("it ends", running.finished()).await.unwrap_err();
    assert!(format!("{ended:#}").contains("does not open under this `secret`"), "{ended:#}");
}

#[tokio::test]
async fn keys_are_passed_over_to_a_new_secret() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner.acquire().await.unwrap();
    let old = SigningVault::new([1; 32], None);
    old.begin(&database.owner, 900).await.unwrap();
    let id = old.read(&database.owner).await.unwrap()[0].id;
    let new = SigningVault::new([2; 32], None);
    assert!(new.read(&database.owner).await.is_err());
    assert!(new.rewrap(&mut owner).await.is_err());
    assert_eq!(SigningVault::new([2; 32], Some([1; 32])).rewrap(&mut owner).await.unwrap(), 1);
    assert_eq!(new.read(&database.owner).await.unwrap()[0].id, id);
    // A key is of its row: one that is put in another's place opens nowhere.
    new.rotate(&mut owner, Duration::from_secs(60)).await.unwrap();
    sqlx::query("update log.signing_keys set wrapped_key = (select wrapped_key from log.signing_keys where verifies_until is not null)")
        .execute(&mut *owner)
        .await
        .unwrap();
    assert!(new.read(&database.owner).await.is_err());
    owner.ping().await.unwrap();
}

#[tokio::test]
async fn a_token_of_a_lost_epoch_is_refused_and_its_session_goes_on() {
    let app = app().await;
    let member = app.member().await;
    let body =
        serde_json::json!({ "email": member.email, "password": crate::support::PASSWORD, "tokenDelivery": "body" });
    let signed = app.post("/auth/login", &body).send().await.expect(200);
    let (access, refresh) = (signed.text("accessToken"), signed.text("refreshToken"));
    app.get("/auth/me").token(&access).send().await.expect(200);
    // Somebody who is no part of the history that is kept.
    sqlx::query(
        "insert into identity.sessions select tenant_id, gen_random_uuid(), 'nobody', token_hash, token_number, past_hashes, past_until, client, \
         created_at, last_used_at, expires_at, expires_on from identity.sessions limit 1",
    )
    .execute(&app.database.owner)
    .await
    .unwrap();
    let raised = tidemark_engine::epoch::raise(&app.database.owner, None, "test").await.unwrap();
    assert_eq!((raised.epoch, raised.ended_sessions), (2, 1));
    eventually("the new epoch is served", async || {
        let told = app.get("/auth/me").token(&access).send().await;
        told.status == 401 && told.json["code"] == "TOKEN_REVOKED"
    })
    .await;
    let body = serde_json::json!({ "refreshToken": refresh });
    let renewed = app.post("/auth/refresh", &body).send().await.expect(200).text("accessToken");
    app.get("/auth/me").token(&renewed).send().await.expect(200);
}
