//! Requests that nobody should send, and the problem each is answered with.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{PASSWORD, TestApp};

const JSON: &str = "application/json";

#[tokio::test]
async fn a_body_that_is_no_json_object_is_malformed() {
    let app = TestApp::start().await;
    let deep = format!("{{\"email\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    for body in ["", "{", "[]", "null", "\"text\"", "{\"email\":\"\\ud800\"}", &deep] {
        let answer = app.ask(Method::POST, "/api/v1/auth/login").raw(JSON, body.to_owned()).send().await;
        answer.expect_problem(400, "MALFORMED_REQUEST");
    }
    let not_utf8 = app.ask(Method::POST, "/api/v1/auth/login").raw(JSON, b"{\"email\":\"\xff\"}".to_vec()).send().await;
    not_utf8.expect_problem(400, "MALFORMED_REQUEST");
}

#[tokio::test]
async fn a_body_of_another_type_is_not_taken() {
    let app = TestApp::start().await;
    let body = json!({ "email": "a@b.cd", "password": PASSWORD }).to_string();
    for media_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data; boundary=x", ""]
    {
        let answer = app.ask(Method::POST, "/api/v1/auth/login").raw(media_type, body.clone()).send().await;
        answer.expect_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let answer = app.ask(Method::POST, "/api/v1/auth/login").raw("Application/JSON; charset=utf-8", body).send().await;
    answer.expect_problem(401, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn a_body_of_10_mib_is_too_large() {
    let app = TestApp::start().await;
    let body = format!("{{\"email\":\"{}\"}}", "a".repeat(10 << 20));
    let answer = app.ask(Method::POST, "/api/v1/auth/login").raw(JSON, body).send().await;
    answer.expect_problem(413, "BODY_TOO_LARGE");
}

/// A client that sends all of its body before it reads must find the answer, and not a reset connection.
#[tokio::test]
async fn a_refused_upload_reaches_its_end_and_its_answer() {
    let app = TestApp::start().await;
    for (path, status) in [("/api/v1/auth/login", "413"), ("/api/v1/nothing", "404")] {
        let mut client = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
        let length = 32 << 20;
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\ncontent-length: {length}\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b' '; length]).await.unwrap();
        let mut answer = [0; 12];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, *format!("HTTP/1.1 {status}").as_bytes());
    }
}

#[tokio::test]
async fn nul_is_in_no_text() {
    let app = TestApp::start().await;
    let body = json!({ "email": "a\u{0}@b.cd", "password": "pass\u{0}word", "name": "\u{0}" });
    let answer = app.post("/auth/register", &body).send().await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(answer.faults(), ["email: invalid", "name: invalid", "password: invalid"]);
}

#[tokio::test]
async fn what_does_not_exist_is_told_as_a_problem_too() {
    let app = TestApp::start().await;
    for path in ["/", "/api", "/api/v1", "/api/v1/nothing", "/api/nothing", "/wp-login.php", "/health", "/metrics"] {
        app.ask(Method::GET, path).send().await.expect_problem(404, "NOT_FOUND");
    }
    let answer = app.ask(Method::DELETE, "/api/v1/auth/login").send().await.expect_problem(405, "METHOD_NOT_ALLOWED");
    assert_eq!(answer.header("allow"), Some("POST"));
    let answer = app.ask(Method::POST, "/api/v1/auth/me").send().await.expect_problem(405, "METHOD_NOT_ALLOWED");
    assert!(answer.header("allow").unwrap().contains("PATCH"));
}

#[tokio::test]
async fn malformed_encodings_are_told_as_problems() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for path in ["/users/%ff", "/users?search=%ff", "/users?search=%zz", "/users?search=%"] {
        app.get(path).token(&admin.token).send().await.expect_problem(400, "MALFORMED_REQUEST");
    }
    let answer = app.get("/users?serach=a&limit=1&limit=2&page=x").token(&admin.token).send().await;
    assert_eq!(
        answer.expect_problem(400, "VALIDATION_FAILED").faults(),
        ["limit: invalid", "page: invalid", "serach: unknown_field"]
    );
}

#[tokio::test]
async fn an_unknown_version_is_refused_and_the_newest_needs_no_name() {
    let app = TestApp::start().await;
    let member = app.member().await;
    app.ask(Method::GET, "/api/auth/me").token(&member.token).send().await.expect(200);
    app.ask(Method::GET, "/api/auth/me").header("accept-version", "1").token(&member.token).send().await.expect(200);
    for (path, version) in
        [("/api/auth/me", "2"), ("/api/v1/auth/me", "2"), ("/api/auth/me", "one"), ("/api/v2/auth/me", "1")]
    {
        let answer = app.ask(Method::GET, path).header("accept-version", version).token(&member.token).send().await;
        answer.expect_problem(400, "UNSUPPORTED_VERSION");
    }
}

#[tokio::test]
async fn a_request_id_is_taken_over_when_it_is_one() {
    let app = TestApp::start().await;
    let answer = app.get("/auth/me").header("x-request-id", "the-callers-own~1").send().await.expect(401);
    assert_eq!(answer.header("x-request-id"), Some("the-callers-own~1"));
    assert_eq!(answer.json["requestId"], "the-callers-own~1");
    let too_long = "a".repeat(129);
    for id in ["", "two words", "caf\u{e9}", &too_long] {
        let answer = app.get("/auth/me").header("x-request-id", id).send().await.expect(401);
        let made = answer.header("x-request-id").unwrap();
        assert!(made != id && made.len() == 36, "{made}");
        assert_eq!(answer.json["requestId"], made);
    }
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" });
    app.post("/auth/register", &body).header("x-request-id", "traced").send().await.expect(201);
    let events =
        "select count(*) from log.events where event_type = 'UserRegistered' and metadata->>'requestId' = 'traced'";
    assert_eq!(app.database.count(events).await, 1);
}

#[tokio::test]
async fn health_keys_and_documentation_need_no_tenant() {
    let app = TestApp::start_with(|settings| settings.default_tenant = None).await;
    assert_eq!(app.ask(Method::GET, "/health/live").send().await.expect(200).json["status"], "live");
    app.ask(Method::GET, "/health/ready").send().await.expect(200);
    let document = app.ask(Method::GET, "/api/v1/openapi.json").send().await.expect(200);
    assert!(document.json["paths"]["/api/v1/auth/register"].is_object());
    let tag = document.header("etag").unwrap();
    let same = app.ask(Method::GET, "/api/v1/openapi.json").header("if-none-match", tag).send().await.expect(304);
    assert_eq!((same.body.len(), same.header("etag")), (0, Some(tag)));
    let docs = app.ask(Method::GET, "/docs/").send().await.expect(200);
    let page = String::from_utf8(docs.body).unwrap();
    assert!(!page.contains("https://"), "the page loads from elsewhere: {page}");
    app.get("/auth/me").send().await.expect_problem(404, "TENANT_NOT_FOUND");
}

#[tokio::test]
async fn the_root_takes_no_parameter_that_it_does_not_know() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/health/ready", "/.well-known/jwks.json", "/api/v1/openapi.json"] {
        let refused = app.ask(Method::GET, &format!("{path}?verbose=1")).send().await;
        assert_eq!(refused.expect_problem(400, "VALIDATION_FAILED").faults(), ["verbose: unknown_field"], "{path}");
    }
}

#[tokio::test]
async fn http2_is_spoken_without_tls_and_garbage_is_survived() {
    let app = TestApp::start().await;
    let address = app.base.strip_prefix("http://").unwrap();
    let mut http2 = TcpStream::connect(address).await.unwrap();
    http2.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00").await.unwrap();
    let mut settings = [0; 9];
    http2.read_exact(&mut settings).await.unwrap();
    assert_eq!(settings[3], 4, "a SETTINGS frame");

    let mut garbage = TcpStream::connect(address).await.unwrap();
    garbage.write_all(b"\x16\x03\x01garbage\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _broken = garbage.read_to_end(&mut answer).await;
    app.ask(Method::GET, "/health/live").send().await.expect(200);
}

#[tokio::test]
async fn a_command_that_is_told_nothing_takes_no_body() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let new = json!({ "title": "Quiet", "content": "Words.", "category": "tech" });
    let made = app.post("/posts", &new).token(&editor.token).send().await.expect(201);
    let one = format!("/api/v1/posts/{}", made.text("id"));
    let user = format!("/api/v1/users/{}", editor.id);
    let admin = app.admin().await;
    for (method, path, token) in [
        (Method::POST, format!("{one}/publish"), &editor.token),
        (Method::POST, format!("{one}/unpublish"), &editor.token),
        (Method::DELETE, one.clone(), &editor.token),
        (Method::DELETE, user, &admin.token),
    ] {
        let ask = || app.ask(method.clone(), &path).token(token);
        let unknown = ask().raw(JSON, "{\"a\":1,\"b\":null}").send().await.expect_problem(400, "VALIDATION_FAILED");
        assert_eq!(unknown.faults(), ["a: unknown_field", "b: unknown_field"]);
        ask().raw(JSON, "{").send().await.expect_problem(400, "MALFORMED_REQUEST");
        ask().raw(JSON, "[]").send().await.expect_problem(400, "MALFORMED_REQUEST");
        ask().raw("text/plain", "{}").send().await.expect_problem(415, "UNSUPPORTED_MEDIA_TYPE");
        ask().raw(JSON, " ".repeat(3 << 20)).send().await.expect_problem(413, "BODY_TOO_LARGE");
    }
    let publish = |body: &'static str| {
        let ask = app.ask(Method::POST, &format!("{one}/publish")).token(&editor.token);
        ask.header("idempotency-key", "quiet").raw(JSON, body).send()
    };
    publish("{}").await.expect(200);
    assert_eq!(publish("{}").await.expect(200).header("idempotency-replayed"), Some("true"));
    publish("").await.expect_problem(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn of_very_many_faults_some_are_told_and_the_rest_counted() {
    let app = TestApp::start().await;
    let fields: Vec<String> = (0..100_000).map(|n| format!("\"k{n}\":0")).collect();
    let body = format!("{{{}}}", fields.join(","));
    let refused = app.ask(Method::POST, "/api/v1/auth/login").raw(JSON, body).send().await;
    let refused = refused.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.json["errors"].as_array().unwrap().len(), 100);
    assert!(refused.faults().contains(&"email: required".to_owned()));
    assert_eq!(refused.text("detail"), "and 99902 more");
    assert!(refused.body.len() < 20_000);
}
