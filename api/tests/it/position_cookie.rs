//! A browser sees its own writes without doing anything.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use sqlx::{Executor, PgConnection, Postgres, Transaction};
use tidemark_engine::position::{self, PositionCodec};

use crate::posts::{create, published};
use crate::support::{Answer, Ask, PASSWORD, TestApp};

fn codec(app: &TestApp) -> PositionCodec {
    PositionCodec::new(1, &app.settings.derive_key(position::PURPOSE))
}

/// As a browser on this very server sends it.
fn from_browser(app: &TestApp, ask: Ask) -> Ask {
    ask.header("origin", &app.base)
}

/// Whether an answer names the place that the cookie `position-demo` does.
fn cookie(answer: &Answer) -> Option<String> {
    let all = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let mut ours = all.filter(|cookie| cookie.starts_with("position-"));
    let cookie = ours.next()?;
    assert!(ours.next().is_none());
    assert!(cookie.ends_with("; Max-Age=30; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    Some(cookie.split(';').next().unwrap().to_owned())
}

/// Nobody folds posts until this is rolled back; they are read as ever.
async fn hold_the_posts(app: &TestApp) -> Transaction<'static, Postgres> {
    let mut transaction = app.database.owner.begin().await.unwrap();
    let connection: &mut PgConnection = &mut transaction;
    connection.execute("lock table read.content_posts in exclusive mode").await.unwrap();
    transaction
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_brings_the_cookie_waits_for_what_the_browser_has_done() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let made = create(&app, &editor, &published("Old")).await;
    let path = format!("/posts/{}", made.text("id"));
    app.get(&path).header("tidemark-after", made.position()).send().await.expect(200);
    let held = hold_the_posts(&app).await;
    let edit = app.patch(&path, &json!({ "title": "New" })).token(&editor.token);
    let edited = from_browser(&app, edit).send().await.expect(200);
    let brought = cookie(&edited).expect("a cookie");
    assert_eq!(brought, format!("position-demo={}", edited.position()));

    let waiting = tokio::spawn(app.get(&path).header("cookie", &brought).send());
    assert_eq!(app.get(&path).send().await.expect(200).text("title"), "Old", "who brings none does not wait");
    held.rollback().await.unwrap();
    let seen = waiting.await.unwrap().expect(200);
    assert_eq!(seen.text("title"), "New");
    assert_eq!(cookie(&seen), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_remembered_is_never_older_than_the_cookie() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let made = create(&app, &editor, &published("Title")).await;
    let path = format!("/posts/{}", made.text("id"));
    app.get(&path).header("tidemark-after", made.position()).send().await.expect(200);
    for n in 0..20 {
        let title = format!("Title {n}");
        let edit = app.patch(&path, &json!({ "title": title })).token(&editor.token);
        let brought = cookie(&from_browser(&app, edit).send().await.expect(200)).expect("a cookie");
        let jar = format!("theme=dark; {brought}; lang=en");
        for _ in 0..2 {
            assert_eq!(app.get(&path).header("cookie", &jar).send().await.expect(200).text("title"), title);
        }
        // Somebody else's answer comes into the cache in between.
        app.get(&path).send().await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_cookie_a_query_is_answered_in_any_case() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let made = create(&app, &editor, &published("Old")).await;
    let path = format!("/posts/{}", made.text("id"));
    app.get(&path).header("tidemark-after", made.position()).send().await.expect(200);
    let held = hold_the_posts(&app).await;
    let edit = app.patch(&path, &json!({ "title": "New" })).token(&editor.token);
    let edited = from_browser(&app, edit).send().await.expect(200);
    let brought = cookie(&edited).expect("a cookie");
    for (prefer, least, most) in [("wait=0", 0, 1500), ("respond-async", 2000, 4000), ("wait=10", 2000, 4000)] {
        let started = Instant::now();
        let seen = app.get(&path).header("cookie", &brought).header("prefer", prefer).send().await.expect(200);
        let waited = started.elapsed();
        assert_eq!(seen.text("title"), "Old");
        assert_ne!(seen.position(), edited.position(), "it does not say that it shows what it does not");
        assert!(waited >= Duration::from_millis(least) && waited < Duration::from_millis(most), "{prefer}: {waited:?}");
    }
    // Whoever names a place is told instead, cookie or not.
    let strict = app.get(&path).header("cookie", &brought).header("tidemark-after", edited.position());
    strict.header("prefer", "wait=0").send().await.expect_problem(503, "READ_MODEL_BEHIND");
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn a_cookie_that_names_no_place_here_is_overlooked() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let made = create(&app, &editor, &published("Here")).await;
    app.get("/posts").header("tidemark-after", made.position()).send().await.expect(200);
    app.create_tenant("acme").await;
    let own = made.position();
    for (what, text) in [
        ("nothing", String::new()),
        ("garbage", "\"; drop".to_owned()),
        ("huge", "1.".repeat(5_000)),
        ("edited", own.replacen("1.", "1.9", 1)),
        ("another tenant's", codec(&app).encode("acme", 5)),
        ("of the future", codec(&app).encode("demo", 1_000_000)),
        ("of another epoch", codec(&app).in_epoch(7).encode("demo", 1)),
    ] {
        let started = Instant::now();
        let asked = app.get("/posts").header("cookie", format!("position-demo={text}"));
        let seen = asked.send().await.expect(200);
        assert_eq!(seen.json["data"][0]["title"], "Here", "{what}");
        assert!(started.elapsed() < Duration::from_millis(1500), "{what}: {:?}", started.elapsed());
    }
    // A cookie of one tenant means nothing to another, however it is called.
    for name in ["position-demo", "position-acme"] {
        let asked = app.get("/posts").tenant("acme").header("cookie", format!("{name}={own}"));
        assert_eq!(asked.send().await.expect(200).json["data"], json!([]));
    }
}

#[tokio::test]
async fn only_a_browsers_command_that_was_recorded_brings_a_cookie() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let post = || app.post("/posts", &published("One")).token(&editor.token);
    assert_eq!(cookie(&post().send().await.expect(201)), None, "no browser");
    assert!(cookie(&from_browser(&app, post()).send().await.expect(201)).is_some());
    let refused = app.post("/posts", &json!({ "title": "" })).token(&editor.token);
    assert_eq!(cookie(&from_browser(&app, refused).send().await.expect(400)), None);
    let nobody = app.post("/posts", &published("One"));
    assert_eq!(cookie(&from_browser(&app, nobody).send().await.expect(401)), None);
    let query = app.ask(Method::GET, "/api/v1/posts");
    assert_eq!(cookie(&from_browser(&app, query).send().await.expect(200)), None);

    let body = json!({ "email": editor.email, "password": PASSWORD });
    let signed_in = from_browser(&app, app.post("/auth/login", &body)).send().await.expect(200);
    assert_eq!(signed_in.headers.get_all("set-cookie").iter().count(), 2, "beside the refresh token");
    assert_eq!(cookie(&signed_in), Some(format!("position-demo={}", signed_in.position())));

    // A repeated command names an old place, from which a browser does not go back.
    let keyed =
        |known: &str| from_browser(&app, post()).header("idempotency-key", "one").header("cookie", known).send();
    let first = cookie(&keyed("a=b").await.expect(201)).expect("a cookie");
    let later = cookie(&from_browser(&app, post()).send().await.expect(201)).expect("a cookie");
    let again = keyed(&later).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), cookie(&again)), (Some("true"), None));
    assert_eq!(cookie(&keyed("a=b").await.expect(201)), Some(first));
}
