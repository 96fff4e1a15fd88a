//! What no honest client sends: over bare sockets.

use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Lines, PASSWORD, TestApp, eventually, soon};

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap()
}

/// All that comes back until the server closes the connection.
async fn answers(app: &TestApp, request: &[u8]) -> String {
    let mut client = connect(app).await;
    client.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is reset has said all that it will.
    let _reset = soon("the end of the connection", client.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

/// The contract holds for what no route ever sees, too.
fn assert_is_problem(answer: &str, code: &str) {
    assert!(answer.contains("\r\ncontent-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.contains("\r\nx-request-id: "), "{answer}");
    assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{answer}");
}

/// Two that stand one behind the other must agree on where a request ends.
#[tokio::test]
async fn what_could_be_read_in_two_ways_ends_the_connection() {
    let app = TestApp::start().await;
    let smuggled = "GET /health/live HTTP/1.1\r\nhost: smuggled\r\n\r\n";
    for lengths in
        ["content-length: 6\r\ntransfer-encoding: chunked", "transfer-encoding: chunked\r\ncontent-length: 6"]
    {
        let request = format!("POST /api/v1/nowhere HTTP/1.1\r\nhost: x\r\n{lengths}\r\n\r\n0\r\n\r\n{smuggled}");
        assert_eq!(statuses(&answers(&app, request.as_bytes()).await), ["404"], "{lengths}");
    }
    for lengths in [
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 5, 6",
        "content-length: +5",
        "content-length: 0x5",
        "content-length: -1",
        "content-length : 5",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
    ] {
        let request = format!("POST /api/v1/nowhere HTTP/1.1\r\nhost: x\r\n{lengths}\r\n\r\n0\r\n\r\n{smuggled}");
        assert_eq!(statuses(&answers(&app, request.as_bytes()).await), ["400"], "{lengths}");
    }
}

#[tokio::test]
async fn no_header_carries_another() {
    let app = TestApp::start().await;
    for header in
        ["x-request-id: a\rset-cookie: b=c", "x-request-id: a\n set-cookie: b=c", "x-request-id: a\0b", " x: y"]
    {
        let request = format!("GET /health/live HTTP/1.1\r\nhost: x\r\n{header}\r\n\r\n");
        let answer = answers(&app, request.as_bytes()).await;
        assert_eq!(statuses(&answer), ["400"], "{header:?}");
        assert!(!answer.contains("set-cookie"), "{answer}");
        assert_is_problem(&answer, "MALFORMED_REQUEST");
    }
    let given = app.ask(Method::GET, "/health/live").header("x-request-id", "a b").send().await.expect(200);
    assert_ne!(given.header("x-request-id"), Some("a b"));
}

#[tokio::test]
async fn what_cannot_be_read_is_charged_to_its_address() {
    let app = TestApp::start_with(|settings| settings.rate_anonymous = 60).await;
    let mut refused = String::new();
    for _ in 0..20 {
        refused = answers(&app, b"GET /health/live HTTP/1.1\r\n x: y\r\n\r\n").await;
        assert!(refused.contains("\r\nratelimit-policy: \"anonymous\";q=60;"), "{refused}");
        assert!(refused.contains("\r\nratelimit: \"anonymous\";r="), "{refused}");
    }
    assert_eq!(statuses(&refused), ["429"]);
    assert_is_problem(&refused, "RATE_LIMITED");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
}

/// A client that asks ahead and reads nothing: what the HTTP library says by itself then stands behind answers that wait.
#[tokio::test]
async fn an_unreadable_request_behind_others_is_told_so_as_well() {
    const AHEAD: usize = 2_000;
    let logs = Lines::default();
    let _logs = tracing::subscriber::set_default(logs.subscriber());
    let app = TestApp::start().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let mut client = socket.connect(app.base.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap();
    // An answer without a body, to a request with one that nobody reads: so the library goes on while answers wait.
    let ahead = "HEAD /health/live HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx".repeat(AHEAD);
    let unreadable = "GET /health/live HTTP/1.1\r\n x: y\r\n\r\n";
    soon("the end of the writing", client.write_all(format!("{ahead}{unreadable}").as_bytes())).await.unwrap();
    eventually("all of them being served", async || logs.count() >= AHEAD).await;

    let mut answer = Vec::new();
    let _reset = soon("the end of the connection", client.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let statuses = statuses(&answer);
    assert_eq!((statuses.len(), statuses.last()), (AHEAD + 1, Some(&"400")));
    let last = answer.rfind("HTTP/1.1 ").unwrap();
    assert_is_problem(&answer[last..], "MALFORMED_REQUEST");
}

#[tokio::test]
async fn endless_headers_and_addresses_are_refused() {
    let app = TestApp::start().await;
    let many: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    let large = format!("x-large: {}\r\n", "a".repeat(128 * 1024));
    for headers in [many, large] {
        let request = format!("GET /health/live HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        let answer = answers(&app, request.as_bytes()).await;
        assert_eq!(statuses(&answer), ["431"]);
        assert_is_problem(&answer, "HEADERS_TOO_LARGE");
    }
    let long = format!("/api/v1/tags?search={}", "a".repeat(10_000));
    app.ask(Method::GET, &long).send().await.expect_problem(414, "URI_TOO_LONG");
    // Longer than what the HTTP library reads at all.
    let request = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(80_000));
    assert_is_problem(&answers(&app, request.as_bytes()).await, "URI_TOO_LONG");
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let app = TestApp::start().await;
    for coding in ["gzip", "br", "zstd", "gzip, gzip"] {
        let ask = app.ask(Method::POST, "/api/v1/auth/login").header("content-encoding", coding);
        let refused = ask.raw("application/json", vec![0x1f, 0x8b, 8]).send().await;
        let refused = refused.expect_problem(415, "UNSUPPORTED_MEDIA_TYPE");
        assert_eq!(refused.header("accept-encoding"), Some("identity"));
    }
}

#[tokio::test]
async fn headers_that_never_end_end_the_connection() {
    let app = TestApp::start().await;
    let mut client = connect(&app).await;
    client.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let started = Instant::now();
    let dripping = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(500));
        loop {
            ticks.tick().await;
            // Each byte would begin the time limit anew, if it were one of silence.
            if client.write_all(b"x").await.is_err() {
                break;
            }
            let mut answer = [0; 512];
            if let Ok(Ok(_)) = tokio::time::timeout(Duration::from_millis(1), client.read(&mut answer)).await {
                break;
            }
        }
    };
    soon("the end of the connection", dripping).await;
    assert!(started.elapsed() < Duration::from_secs(15));
    app.ask(Method::GET, "/health/live").send().await.expect(200);
}

/// Whoever sends half a request and then nothing holds up the end of the process no longer than its deadline.
#[tokio::test]
async fn a_shutdown_waits_no_longer_than_it_says() {
    let mut app = TestApp::start().await;
    let mut client = connect(&app).await;
    let half =
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    client.write_all(half.as_bytes()).await.unwrap();
    app.ask(Method::GET, "/health/live").send().await.expect(200);
    let started = Instant::now();
    tokio::time::timeout(Duration::from_secs(40), app.stop()).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(22), "{:?}", started.elapsed());
}

/// There is room for so many sign-ins of a tenant at once, and a body that never comes whole is none yet.
#[tokio::test]
async fn sign_ins_that_never_come_whole_keep_nobody_out() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let half =
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let mut held = Vec::new();
    for _ in 0..150 {
        let mut client = connect(&app).await;
        client.write_all(half.as_bytes()).await.unwrap();
        held.push(client);
    }
    app.sign_in("demo", &member.email, PASSWORD).await;
}

/// A tenant has so many commands in hand at once, and a body that never comes whole is none yet.
#[tokio::test]
async fn commands_that_never_come_whole_keep_nobody_out() {
    let app = TestApp::start_with(|settings| settings.append_queue = 64).await;
    let editor = app.editor().await;
    let half = format!(
        "POST /api/v1/posts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        editor.token
    );
    let mut held = Vec::new();
    for _ in 0..100 {
        let mut client = connect(&app).await;
        client.write_all(half.as_bytes()).await.unwrap();
        held.push(client);
    }
    let post = serde_json::json!({ "title": "Whole", "content": "Text.", "category": "tech" });
    app.post("/posts", &post).token(&editor.token).send().await.expect(201);
    // Nor does the type of a body that nobody reads.
    let parts = "POST /api/v1/auth/logout HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 100\r\n";
    let parts = format!("{parts}authorization: Bearer {}\r\nconnection: close\r\n\r\n--x", editor.token);
    assert_eq!(statuses(&answers(&app, parts.as_bytes()).await), ["415"]);
}

/// Whether the server answers on a connection, which is then kept.
async fn served(app: &TestApp) -> Option<TcpStream> {
    let mut client = connect(app).await;
    // What was closed at once may not even take this.
    let _sent = client.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut answer = [0; 12];
    let read = soon("an answer or the end", client.read_exact(&mut answer)).await;
    (read.is_ok() && &answer == b"HTTP/1.1 200").then_some(client)
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_a_trusted_proxy_as_many_as_it_needs() {
    let app = TestApp::start_with(|settings| settings.connections_per_address = 8).await;
    let mut held = Vec::new();
    while let Some(client) = served(&app).await {
        held.push(client);
        assert!(held.len() <= 8, "there is no end");
    }
    assert!(!held.is_empty());
    drop(held);
    eventually("there is room again", async || served(&app).await.is_some()).await;

    let app = TestApp::start_with(|settings| {
        settings.connections_per_address = 1;
        settings.trusted_proxies = Some("127.0.0.0/8".to_owned());
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(served(&app).await.expect("a proxy speaks for many"));
    }
}
