//! What happens when something is away, stuck, or gives up.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::{self, BoxStream, FuturesUnordered};
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection, Postgres, Transaction};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::support::{Lines, PASSWORD, Person, TestApp, TestDatabase, eventually, soon};

const POSTS: &str = "select count(*) from log.events where event_type = 'PostCreated'";

fn post(n: usize) -> Value {
    json!({ "title": format!("Number {n}"), "content": "Text.", "category": "tech" })
}

/// Holds the lock under which all appends are made, as a long commit elsewhere would.
pub(crate) async fn hold_the_log(app: &TestApp) -> Transaction<'static, Postgres> {
    let mut transaction = app.database.owner.begin().await.unwrap();
    let connection: &mut PgConnection = &mut transaction;
    connection.execute("select pg_advisory_xact_lock(7953749933313450591)").await.unwrap();
    transaction
}

async fn appends_wait(app: &TestApp) {
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'advisory'";
    eventually("an append waits", async || app.database.count(waiting).await > 0).await;
}

/// The bytes of a request to create a post.
fn request(app: &TestApp, editor: &Person, key: &str) -> String {
    let body = post(1).to_string();
    format!(
        "POST /api/v1/posts HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        app.base.strip_prefix("http://").unwrap(),
        editor.token,
        body.len()
    )
}

#[tokio::test]
async fn a_process_whose_log_is_broken_ends_with_the_reason() {
    let mut app = TestApp::start().await;
    // An event that was never written, and one after it.
    let gap = "insert into log.events \
        select position + 2, gen_random_uuid(), tenant_id, tenant_position + 2, aggregate_type, aggregate_id, sequence + 2, \
        event_type, event_version, payload, metadata, recorded_at from log.events order by position desc limit 1";
    app.database.owner.execute(gap).await.unwrap();
    let ended = soon("the process ends", app.ended()).await;
    let error = format!("{:#}", ended.unwrap_err());
    assert!(error.contains("the log has no event at position"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_told_at_once() {
    let app = TestApp::start_with(|settings| settings.append_queue = 1).await;
    let editor = app.editor().await;
    app.post("/posts", &post(0)).token(&editor.token).send().await.expect(201);
    let held = hold_the_log(&app).await;
    let ask = |n: usize| {
        let asked = app.post("/posts", &post(n)).token(&editor.token);
        async move {
            let started = Instant::now();
            let answer = asked.send().await;
            (answer, started.elapsed())
        }
    };
    let in_hand = tokio::spawn(ask(1));
    appends_wait(&app).await;
    // One is in hand and one may wait, whichever of these it is; all others are sent away.
    let mut all: FuturesUnordered<_> = (2..8).map(ask).collect();
    let answered = async {
        let mut quickest = Duration::MAX;
        for _ in 0..5 {
            let (answer, took) = all.next().await.unwrap();
            let answer = answer.expect_problem(503, "OVERLOADED");
            assert_eq!(answer.header("retry-after"), Some("1"));
            quickest = quickest.min(took);
        }
        quickest
    };
    let quickest = soon("being sent away", answered).await;
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
    held.rollback().await.unwrap();
    in_hand.await.unwrap().0.expect(201);
    all.next().await.unwrap().0.expect(201);
    assert_eq!(app.database.count(POSTS).await, 3);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_its_command() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.post("/posts", &post(0)).token(&editor.token).send().await.expect(201);
    let held = hold_the_log(&app).await;
    let mut client = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    client.write_all(request(&app, &editor, "hung-up").as_bytes()).await.unwrap();
    appends_wait(&app).await;
    drop(client);
    held.rollback().await.unwrap();
    eventually("the command is executed all the same", async || app.database.count(POSTS).await == 2).await;
    let again =
        app.post("/posts", &post(1)).token(&editor.token).header("idempotency-key", "hung-up").send().await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(app.database.count(POSTS).await, 2);
}

/// A body that goes on as long as somebody adds to it.
type Pieces = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

/// Sends a command over HTTP/2 with the beginning of its body, and with the rest if there is one.
fn send_on(
    sender: &mut SendRequest<Pieces>,
    app: &TestApp,
    editor: &Person,
    (begun, rest): (String, Option<String>),
) -> JoinHandle<hyper::Result<hyper::Response<Incoming>>> {
    let asked = http::Request::post(format!("{}/api/v1/posts", app.base))
        .header("authorization", format!("Bearer {}", editor.token))
        .header("content-type", "application/json")
        .header("idempotency-key", "reset");
    let piece = |text: String| Ok(Frame::data(Bytes::from(text)));
    let body = match rest {
        Some(rest) => stream::iter([piece(begun), piece(rest)]).boxed(),
        None => stream::iter([piece(begun)]).chain(stream::pending()).boxed(),
    };
    tokio::spawn(sender.send_request(asked.body(StreamBody::new(body)).unwrap()))
}

/// Over HTTP/2 a client hangs up on one request, and its connection goes on.
#[tokio::test]
async fn a_stream_that_is_reset_stops_no_command_and_begins_none() {
    let logs = Lines::default();
    let _logs = tracing::subscriber::set_default(logs.subscriber());
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.post("/posts", &post(0)).token(&editor.token).send().await.expect(201);
    let stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let body = post(1).to_string();
    let (begun, rest) = body.split_at(body.len() / 2);
    // A request that nobody waits for any more has its line in the log at once, whatever becomes of its command.
    let reset = async |asked: JoinHandle<_>| {
        let before = logs.count();
        asked.abort();
        eventually("the reset is noticed", async || logs.count() > before).await;
    };

    let halved = send_on(&mut sender, &app, &editor, (begun.to_owned(), None));
    let held = hold_the_log(&app).await;
    let whole = send_on(&mut sender, &app, &editor, (begun.to_owned(), Some(rest.to_owned())));
    appends_wait(&app).await;
    reset(halved).await;
    reset(whole).await;
    held.rollback().await.unwrap();
    eventually("the command is executed all the same", async || app.database.count(POSTS).await == 2).await;

    let again = send_on(&mut sender, &app, &editor, (begun.to_owned(), Some(rest.to_owned())));
    let again = soon("the answer", again).await.unwrap().unwrap();
    assert_eq!((again.status().as_u16(), &again.headers()["idempotency-replayed"]), (201, &"true".parse().unwrap()));
    assert_eq!(app.database.count(POSTS).await, 2);
}

#[tokio::test]
async fn clients_that_hang_up_anywhere_leave_nothing_half_done() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let whole = request(&app, &editor, "cut");
    for cut in (0..whole.len()).step_by(37) {
        let mut client = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
        client.write_all(&whole.as_bytes()[..cut]).await.unwrap();
        drop(client);
    }
    for _ in 0..40 {
        let mut client = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
        client
            .write_all(
                format!("GET /api/v1/posts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", editor.token)
                    .as_bytes(),
            )
            .await
            .unwrap();
        drop(client);
    }
    assert_eq!(app.database.count(POSTS).await, 0);
    app.post("/posts", &post(1)).token(&editor.token).send().await.expect(201);
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    eventually("no connection is left in a transaction", async || app.database.count(open).await == 0).await;
    app.get("/posts").send().await.expect(200);
}

#[tokio::test]
async fn it_answers_before_its_database_is_there_and_serves_when_it_is() {
    let app = TestApp::start_on(TestDatabase::unmigrated().await, |_| {}).await;
    app.ask(Method::GET, "/health/live").send().await.expect(200);
    app.ask(Method::GET, "/health/ready").send().await.expect_problem(503, "NOT_READY");
    let sign_in = json!({ "email": "a@b.cd", "password": PASSWORD });
    let refused = app.post("/auth/login", &sign_in).send().await.expect_problem(503, "UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    app.database.migrate().await;
    app.ready().await;
    app.create_tenant("demo").await;
    app.post("/auth/login", &sign_in).send().await.expect(401);
}

#[tokio::test]
async fn it_is_not_ready_while_the_log_takes_no_appends() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let set = async |what: &str| app.database.owner.execute(format!("update log.epochs set {what}").as_str()).await;
    let health = async || app.ask(Method::GET, "/health/ready").send().await;
    for (forged, reason) in [
        ("timeline = 'forged-' || timeline", "timeline"),
        ("system_identifier = 'forged-' || system_identifier", "server"),
    ] {
        set(forged).await.unwrap();
        eventually("it is not ready", async || health().await.status == 503).await;
        let refused = health().await.expect_problem(503, "NOT_READY");
        assert!(refused.text("detail").contains(&format!("another {reason}")), "{}", refused.json);
        // What can be read is still read.
        app.get("/posts").token(&editor.token).send().await.expect(200);
        set("timeline = replace(timeline, 'forged-', ''), system_identifier = replace(system_identifier, 'forged-', '')")
            .await
            .unwrap();
        app.ready().await;
    }
}

#[tokio::test]
async fn what_was_seen_of_a_lost_history_is_gone_once_the_epoch_was_raised() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let lost = app.post("/posts", &post(1)).token(&editor.token).send().await.expect(201).position();
    tidemark_engine::epoch::raise(&app.database.owner, None, "an operator").await.unwrap();
    let ask = async || app.get("/posts").header("tidemark-after", &lost).send().await;
    eventually("it serves the new epoch", async || ask().await.status == 410).await;
    ask().await.expect_problem(410, "POSITION_LOST");
    // A token of it is refused too.
    app.get("/auth/me").token(&editor.token).send().await.expect_problem(401, "TOKEN_REVOKED");
    let token = app.sign_in("demo", &editor.email, crate::support::PASSWORD).await;
    let made = app.post("/posts", &post(2)).token(&token).send().await.expect(201);
    assert!(made.position().starts_with("2."), "{}", made.position());
}

#[tokio::test]
async fn without_nats_it_is_degraded_and_serves() {
    let app = TestApp::start_with(|settings| settings.nats_url = Some("nats://127.0.0.1:1".to_owned())).await;
    let editor = app.editor().await;
    let health = app.ask(Method::GET, "/health/ready").send().await.expect(200);
    assert_eq!(health.json["status"], "degraded");
    assert!(health.json["reasons"].to_string().contains("NATS is away"), "{}", health.json);
    let made = app.post("/posts", &post(1)).token(&editor.token).send().await.expect(201);
    let path = format!("/posts/{}", made.text("id"));
    app.get(&path).token(&editor.token).header("tidemark-after", made.position()).send().await.expect(200);
}

#[tokio::test]
async fn at_shutdown_the_command_in_hand_is_answered() {
    let mut app = TestApp::start().await;
    let editor = app.editor().await;
    app.post("/posts", &post(0)).token(&editor.token).send().await.expect(201);
    let held = hold_the_log(&app).await;
    let mut client = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    client.write_all(request(&app, &editor, "last").as_bytes()).await.unwrap();
    appends_wait(&app).await;
    app.shutdown.cancel();
    held.rollback().await.unwrap();
    let mut answer = Vec::new();
    soon("the last answer", client.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(&answer));
    soon("the end", app.stop()).await;
    assert!(TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.is_err());
}

/// Whoever sends it requests has to learn that it ends before it does.
#[tokio::test]
async fn a_process_that_is_to_end_says_so_and_serves_for_a_while() {
    let mut app = TestApp::start_with(|settings| settings.drain_seconds = 3).await;
    let editor = app.editor().await;
    app.post("/posts", &post(0)).token(&editor.token).send().await.expect(201);
    app.shutdown.cancel();
    let refused = app.ask(Method::GET, "/health/ready").send().await.expect_problem(503, "NOT_READY");
    assert_eq!(refused.text("detail"), "the process is about to end");
    let mut client = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    client.write_all(request(&app, &editor, "late").as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    soon("the answer", client.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
    app.ask(Method::GET, "/health/live").send().await.expect(200);
    soon("the end", app.stop()).await;
    assert!(TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.is_err());
}

#[tokio::test]
async fn a_sign_in_queue_that_is_full_is_told() {
    let app = TestApp::start_with(|settings| settings.password_hashing_slots = 1).await;
    let body = json!({ "email": "nobody@example.com", "password": "wrong password" });
    let answers = join_all((0..120).map(|_| app.post("/auth/login", &body).send())).await;
    let (refused, tried): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 503);
    assert!(!refused.is_empty() && refused.iter().all(|answer| answer.json["code"] == "OVERLOADED"));
    assert!(tried.len() >= 48 && tried.iter().all(|answer| answer.status == 401), "{}", tried.len());
}

#[tokio::test]
async fn a_password_that_is_changed_during_a_sign_in_is_asked_again() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let (beside, _running) = app.beside().await;
    let held = hold_the_log(&app).await;
    let waiting = async |count: i64| {
        let waiting =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'advisory'";
        eventually("appends wait", async || app.database.count(waiting).await == count).await;
    };
    let change = json!({ "current": PASSWORD, "new": "another horse battery" });
    let change = app.ask_at(&beside, Method::PUT, "/api/v1/auth/password").json(&change).token(&member.token);
    let changed = tokio::spawn(change.send());
    waiting(1).await;
    let body = json!({ "email": member.email, "password": PASSWORD });
    let sign_in = tokio::spawn(app.post("/auth/login", &body).send());
    waiting(2).await;
    held.rollback().await.unwrap();
    changed.await.unwrap().expect(204);
    sign_in.await.unwrap().expect_problem(401, "INVALID_CREDENTIALS");
}
