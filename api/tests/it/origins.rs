//! Browsers on other origins: what a script there may ask and see.

use reqwest::{Method, Response};
use serde_json::Value;

use crate::support::TestApp;

const LISTED: &str = "https://shop.example";
/// What looks like the listed origin and is not, and what everybody can be.
const TWINS: [&str; 8] = [
    "null",
    "*",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shop.example.evil.example",
    "https://evil-shop.example",
    "https://shop.exampl",
    "https://evil.example",
];

async fn start() -> TestApp {
    TestApp::start_with(|settings| settings.cors_origins = Some(format!("http://localhost:5173,{LISTED}"))).await
}

async fn preflight(app: &TestApp, path: &str, origin: &str, method: &str) -> Response {
    let asked = app
        .client
        .request(Method::OPTIONS, format!("{}{path}", app.base))
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization, content-type, idempotency-key, tidemark-after");
    asked.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn varies_by_origin(headers: &reqwest::header::HeaderMap) -> bool {
    let lines = headers.get_all("vary").iter().map(|line| line.to_str().unwrap());
    lines.flat_map(|line| line.split(',')).any(|name| name.trim() == "origin")
}

#[tokio::test]
async fn a_listed_origin_may_ask_about_every_route() {
    let app = start().await;
    let document: Value = serde_json::to_value(tidemark_api::openapi::document()).unwrap();
    let paths: Vec<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    for path in paths.iter().map(String::as_str).chain(["/api/posts", "/api/v1/nothing", "/nothing"]) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let told = preflight(&app, path, LISTED, method).await;
            assert_eq!(told.status(), 204, "{method} {path}");
            assert_eq!(header(&told, "access-control-allow-origin"), LISTED);
            assert_eq!(header(&told, "access-control-allow-credentials"), "true");
            assert!(header(&told, "access-control-allow-methods").split(", ").any(|allowed| allowed == method));
            let allowed = header(&told, "access-control-allow-headers");
            for name in ["authorization", "content-type", "idempotency-key", "if-match", "tidemark-after", "x-tenant"] {
                assert!(allowed.split(", ").any(|allowed| allowed == name), "{name} in {allowed}");
            }
            assert!(varies_by_origin(told.headers()) && told.headers().contains_key("x-request-id"));
        }
    }
    assert_eq!(
        header(&preflight(&app, "/api/v1/posts", "http://localhost:5173", "GET").await, "access-control-allow-origin"),
        "http://localhost:5173"
    );
}

#[tokio::test]
async fn another_origin_may_not_and_its_scripts_see_nothing() {
    let app = start().await;
    for origin in TWINS {
        let told = preflight(&app, "/api/v1/posts", origin, "POST").await;
        assert_eq!(told.status(), 403, "{origin}");
        assert!(!told.headers().keys().any(|name| name.as_str().starts_with("access-control-")), "{origin}");
        let seen = app.get("/posts").header("origin", origin).send().await.expect(200);
        assert!(!seen.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{origin}");
        assert!(varies_by_origin(&seen.headers));
    }
}

#[tokio::test]
async fn scripts_of_a_listed_origin_see_answers_problems_and_the_headers_of_the_contract() {
    let app = start().await;
    let member = app.member().await;
    let answers = [
        app.get("/posts").header("origin", LISTED).send().await.expect(200),
        app.get("/auth/me").header("origin", LISTED).token(&member.token).send().await.expect(200),
        app.get("/auth/me").header("origin", LISTED).send().await.expect(401),
        app.get("/posts?sortBy=colour").header("origin", LISTED).send().await.expect(400),
        app.get("/posts").tenant("unknown").header("origin", LISTED).send().await.expect(404),
        app.ask(Method::GET, "/api/v7/posts").header("origin", LISTED).send().await.expect(400),
    ];
    for answer in answers {
        assert_eq!(answer.header("access-control-allow-origin"), Some(LISTED), "{}", answer.status);
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        let exposed = answer.header("access-control-expose-headers").unwrap();
        for name in ["etag", "tidemark-position", "tidemark-cache", "ratelimit", "retry-after", "x-request-id"] {
            assert!(exposed.split(", ").any(|exposed| exposed == name), "{name} in {exposed}");
        }
        assert!(varies_by_origin(&answer.headers));
    }
    let without = app.get("/posts").send().await.expect(200);
    assert!(varies_by_origin(&without.headers), "a cache must not give this answer to an origin");
    assert!(without.header("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn without_a_list_there_is_no_sharing() {
    let app = TestApp::start().await;
    assert_eq!(preflight(&app, "/api/v1/posts", LISTED, "GET").await.status(), 403);
    let seen = app.get("/posts").header("origin", LISTED).send().await.expect(200);
    assert!(!seen.headers.keys().any(|name| name.as_str().starts_with("access-control-")));
    // What merely has the method is no preflight.
    app.ask(Method::OPTIONS, "/api/v1/posts").send().await.expect_problem(405, "METHOD_NOT_ALLOWED");
}
