//! Sessions: kept going by refresh tokens, ended, listed; and what a thief can do with a token.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::support::{Answer, Ask, PASSWORD, Person, TestApp, eventually};

/// How soon an access token of a session that has ended must be refused, on every process.
const SOON: Duration = Duration::from_secs(10);

/// A sign-in that hands its refresh token over in the body.
struct Device {
    access: String,
    refresh: String,
}

impl Device {
    fn of(answer: &Answer) -> Self {
        Self { access: answer.text("accessToken"), refresh: answer.text("refreshToken") }
    }
}

async fn device(app: &TestApp, person: &Person) -> Device {
    let body = json!({ "email": person.email, "password": PASSWORD, "tokenDelivery": "body" });
    Device::of(&app.post("/auth/login", &body).header("user-agent", "Device/1.0").send().await.expect(200))
}

fn refresh(app: &TestApp, token: &str) -> Ask {
    refresh_at(app, &app.base, token)
}

fn refresh_at(app: &TestApp, base: &str, token: &str) -> Ask {
    let body = json!({ "refreshToken": token, "tokenDelivery": "body" });
    app.ask_at(base, Method::POST, "/api/v1/auth/refresh").json(&body)
}

/// A login as a browser makes it; the value of its cookie.
async fn cookie(app: &TestApp, person: &Person) -> String {
    let body = json!({ "email": person.email, "password": PASSWORD });
    cookie_of(&app.post("/auth/login", &body).send().await.expect(200))
}

fn cookie_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    let (pair, attributes) = set.split_once("; ").unwrap();
    assert_eq!(attributes, "Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax");
    pair.strip_prefix("refresh-demo=").unwrap().to_owned()
}

fn with_cookie(app: &TestApp, method: Method, path: &str, token: &str) -> Ask {
    app.ask(method, &format!("/api/v1{path}")).header("cookie", format!("theme=dark; refresh-demo={token}"))
}

/// Lets the time pass in which a token that was replaced is answered again.
async fn let_the_grace_pass(app: &TestApp) {
    sqlx::query(
        "update identity.sessions set past_until = array(select u - interval '10 seconds' from unnest(past_until) as u)",
    )
    .execute(&app.database.owner)
    .await
    .unwrap();
}

async fn sessions(app: &TestApp, access: &str) -> Vec<Value> {
    let list = app.get("/auth/sessions").token(access).send().await.expect(200);
    list.json["data"].as_array().unwrap().clone()
}

async fn assert_ends_soon(app: &TestApp, bases: &[&str], access: &str) {
    let since = Instant::now();
    for base in bases {
        eventually("the access token ends", async || {
            app.ask_at(base, Method::GET, "/api/v1/auth/me").token(access).send().await.status == 401
        })
        .await;
        let told = app.ask_at(base, Method::GET, "/api/v1/auth/me").token(access).send().await;
        told.expect_problem(401, "TOKEN_REVOKED");
    }
    assert!(since.elapsed() < SOON);
}

#[tokio::test]
async fn a_session_goes_on_by_its_refresh_token() {
    let app = TestApp::start().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada", "tokenDelivery": "body" });
    let registered = app.post("/auth/register", &body).send().await.expect(201);
    assert!(registered.header("set-cookie").is_none(), "a token lies in one place");
    let first = Device::of(&registered);
    let second = refresh(&app, &first.refresh).send().await.expect(200);
    assert_eq!(second.json["user"], registered.json["user"]);
    assert_eq!(second.json["expiresIn"], 900);
    assert_eq!(second.header("cache-control"), Some("no-store"));
    assert!(!second.position().is_empty());
    let second = Device::of(&second);
    assert_ne!(second.refresh, first.refresh);
    app.get("/auth/me").token(&second.access).send().await.expect(200);
    let third = Device::of(&refresh(&app, &second.refresh).send().await.expect(200));
    // One session through all of it, and no event but the account's own.
    let listed = sessions(&app, &third.access).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["current"], true);
    assert_eq!(app.database.count("select count(*) from log.events where aggregate_type = 'user'").await, 1);
    // The database could not sign in with what it holds.
    let kept: String = sqlx::query_scalar("select row_to_json(s)::text from identity.sessions s")
        .fetch_one(&app.database.owner)
        .await
        .unwrap();
    for token in [&first.refresh, &second.refresh, &third.refresh] {
        assert!(!kept.contains(token.strip_prefix("tmr_").unwrap()));
    }
}

#[tokio::test]
async fn a_browser_keeps_its_token_in_a_cookie() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let token = cookie(&app, &member).await;
    let asked = with_cookie(&app, Method::POST, "/auth/refresh", &token).header("origin", &app.base);
    let refreshed = asked.send().await.expect(200);
    assert!(refreshed.json.get("refreshToken").is_none());
    let next = cookie_of(&refreshed);
    assert_ne!(next, token);
    // With an empty object as well as with nothing.
    let asked = with_cookie(&app, Method::POST, "/auth/refresh", &next).header("origin", &app.base).json(&json!({}));
    let next = cookie_of(&asked.send().await.expect(200));
    let asked = with_cookie(&app, Method::POST, "/auth/logout", &next).header("origin", &app.base);
    let left = asked.send().await.expect(204);
    assert_eq!(left.header("set-cookie"), Some("refresh-demo=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"));
    for path in ["/auth/refresh", "/auth/logout"] {
        let asked = with_cookie(&app, Method::POST, path, &next).header("origin", &app.base);
        asked.send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
    }
}

#[tokio::test]
async fn another_site_cannot_use_the_cookie() {
    let app = TestApp::start_with(|settings| settings.cors_origins = Some("https://shop.example".to_owned())).await;
    let member = app.member().await;
    let token = cookie(&app, &member).await;
    let host = app.base.strip_prefix("http://").unwrap();
    let foreign = [
        "null".to_owned(),
        "https://evil.example".to_owned(),
        "https://shop.example.evil.example".to_owned(),
        "https://evil-shop.example".to_owned(),
        "http://shop.example".to_owned(),
        format!("http://{host}.evil.example"),
        format!("http://evil.example/{host}"),
        format!("ftp://{host}"),
    ];
    for path in ["/auth/refresh", "/auth/logout"] {
        with_cookie(&app, Method::POST, path, &token).send().await.expect_problem(403, "FORBIDDEN");
        for origin in &foreign {
            let asked = with_cookie(&app, Method::POST, path, &token).header("origin", origin);
            let refused = asked.send().await.expect_problem(403, "FORBIDDEN");
            assert!(refused.header("access-control-allow-origin").is_none() && refused.header("set-cookie").is_none());
        }
    }
    // A form that posts, too.
    let form = with_cookie(&app, Method::POST, "/auth/logout", &token).header("origin", "https://evil.example");
    form.raw("text/plain", "everywhere=true").send().await.expect_problem(403, "FORBIDDEN");
    // Nothing has come of any of it, and a listed origin may.
    let asked = with_cookie(&app, Method::POST, "/auth/refresh", &token).header("origin", "https://shop.example");
    let refreshed = asked.send().await.expect(200);
    assert_eq!(refreshed.header("access-control-allow-origin"), Some("https://shop.example"));
    cookie_of(&refreshed);
}

#[tokio::test]
async fn a_token_that_comes_twice_in_a_moment_has_the_same_successor_on_every_process() {
    let app = TestApp::start().await;
    let (beside, _running) = app.beside().await;
    let member = app.member().await;
    let first = device(&app, &member).await;
    let one = Device::of(&refresh(&app, &first.refresh).send().await.expect(200));
    let other = Device::of(&refresh_at(&app, &beside, &first.refresh).send().await.expect(200));
    assert_eq!(one.refresh, other.refresh);
    // Also after the successor was itself exchanged: the moment belongs to each token.
    let next = Device::of(&refresh(&app, &one.refresh).send().await.expect(200));
    assert_eq!(Device::of(&refresh_at(&app, &beside, &first.refresh).send().await.expect(200)).refresh, one.refresh);
    assert_eq!(Device::of(&refresh_at(&app, &beside, &one.refresh).send().await.expect(200)).refresh, next.refresh);
    for access in [&one.access, &other.access, &next.access] {
        app.get("/auth/me").token(access).send().await.expect(200);
    }
}

/// One of the requests of a crowd: many to a connection, for a thousand connections are more than a process may open.
async fn refresh_over(mut sender: SendRequest<Full<Bytes>>, base: String, token: String) -> (u16, Value) {
    let body = json!({ "refreshToken": token, "tokenDelivery": "body" }).to_string();
    let asked = http::Request::post(format!("{base}/api/v1/auth/refresh"))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let answer = sender.send_request(asked).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_who_refresh_at_once_get_one_successor_and_nobody_is_signed_out() {
    let app = TestApp::start().await;
    let (beside, _running) = app.beside().await;
    let member = app.member().await;
    let first = device(&app, &member).await;
    let mut asked = Vec::new();
    for n in 0..10 {
        let base = if n % 2 == 0 { &app.base } else { &beside };
        let stream = TcpStream::connect(base.strip_prefix("http://").unwrap()).await.unwrap();
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        asked.extend((0..100).map(|_| refresh_over(sender.clone(), base.clone(), first.refresh.clone())));
    }
    let mut successors = std::collections::BTreeSet::new();
    for (status, answer) in join_all(asked).await {
        assert_eq!(status, 200, "{answer}");
        successors.insert(answer["refreshToken"].as_str().unwrap().to_owned());
    }
    assert_eq!(successors.len(), 1);
    let next = refresh(&app, successors.first().unwrap()).send().await.expect(200);
    assert_eq!(sessions(&app, &next.text("accessToken")).await.len(), 2);
    assert_eq!(app.database.count("select count(*) from log.events where event_type = 'UserTokenReused'").await, 0);
}

#[tokio::test]
async fn a_stolen_token_ends_its_session_whoever_was_first() {
    let app = TestApp::start().await;
    let (beside, _running) = app.beside().await;
    let member = app.member().await;
    let other = device(&app, &member).await;
    for thief_comes_again in [true, false] {
        let owner = device(&app, &member).await;
        // The thief is first; the owner comes with what is outdated by then, or the other way round.
        let mut thief = Device::of(&refresh(&app, &owner.refresh).send().await.expect(200));
        if thief_comes_again {
            thief = Device::of(&refresh(&app, &thief.refresh).send().await.expect(200));
        }
        let_the_grace_pass(&app).await;
        refresh_at(&app, &beside, &owner.refresh).send().await.expect_problem(401, "REFRESH_TOKEN_REUSED");
        refresh(&app, &thief.refresh).send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
        refresh(&app, &owner.refresh).send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
        for access in [&thief.access, &owner.access] {
            assert_ends_soon(&app, &[&app.base, &beside], access).await;
        }
    }
    assert_eq!(app.database.count("select count(*) from log.events where event_type = 'UserTokenReused'").await, 2);
    // The person's other devices have nothing to do with it.
    refresh(&app, &other.refresh).send().await.expect(200);
    app.get("/auth/me").token(&other.access).send().await.expect(200);
}

#[tokio::test]
async fn a_token_that_was_made_up_ends_nobodys_session() {
    let app = TestApp::start().await;
    app.create_tenant("other").await;
    let member = app.member().await;
    let device = device(&app, &member).await;
    // Whoever knows a session's id still cannot say that its token was stolen.
    let mut edited = device.refresh.clone().into_bytes();
    let middle = edited.len() / 2;
    edited[middle] = if edited[middle] == b'A' { b'B' } else { b'A' };
    let edited = String::from_utf8(edited).unwrap();
    let parts: Vec<&str> = device.access.split('.').collect();
    for token in [&*edited, &device.access, parts[2], "tmr_", "", "null", &"x".repeat(1_000)] {
        refresh(&app, token).send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
    }
    refresh(&app, &"x".repeat(2_000)).send().await.expect_problem(400, "VALIDATION_FAILED");
    // Of another tenant it is none.
    refresh(&app, &device.refresh).tenant("other").send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
    // And a refresh token is no access token.
    app.get("/auth/me").token(&device.refresh).send().await.expect_problem(401, "INVALID_TOKEN");
    refresh(&app, &device.refresh).send().await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_is_taken_from_the_cookie_or_the_body_and_from_nowhere_else() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let device = device(&app, &member).await;
    app.post("/auth/refresh", &json!({})).send().await.expect_problem(401, "NOT_SIGNED_IN");
    app.ask(Method::POST, "/api/v1/auth/refresh").send().await.expect_problem(401, "NOT_SIGNED_IN");
    let in_header = app.post("/auth/refresh", &json!({})).header("x-refresh-token", &device.refresh);
    in_header.send().await.expect_problem(401, "NOT_SIGNED_IN");
    let in_url = app.post(&format!("/auth/refresh?refreshToken={}", device.refresh), &json!({}));
    in_url.send().await.expect_problem(400, "VALIDATION_FAILED");
    let more = json!({ "refreshToken": device.refresh, "role": "admin", "userId": "1" });
    let refused = app.post("/auth/refresh", &more).send().await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.faults(), ["role: unknown_field", "userId: unknown_field"]);
    let number = app.post("/auth/refresh", &json!({ "refreshToken": 7 })).send().await;
    assert_eq!(number.expect_problem(400, "VALIDATION_FAILED").faults(), ["refreshToken: invalid"]);
    // The body's goes before the cookie's, and needs no origin.
    let both = refresh(&app, &device.refresh).header("cookie", "refresh-demo=nonsense");
    both.send().await.expect(200);
}

#[tokio::test]
async fn signing_out_ends_one_session_on_every_process_or_all() {
    let app = TestApp::start().await;
    let (beside, _running) = app.beside().await;
    let member = app.member().await;
    let (one, two, three) = (device(&app, &member).await, device(&app, &member).await, device(&app, &member).await);
    let left = app.ask(Method::POST, "/api/v1/auth/logout").token(&one.access).send().await.expect(204);
    assert!(!left.position().is_empty());
    assert_ends_soon(&app, &[&app.base, &beside], &one.access).await;
    refresh(&app, &one.refresh).send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
    app.ask_at(&beside, Method::GET, "/api/v1/auth/me").token(&two.access).send().await.expect(200);

    let everywhere = app.post("/auth/logout", &json!({ "everywhere": true })).token(&two.access);
    everywhere.send().await.expect(204);
    for device in [&two, &three] {
        assert_ends_soon(&app, &[&app.base, &beside], &device.access).await;
        refresh(&app, &device.refresh).send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
    }
    assert_eq!(app.database.count("select count(*) from identity.sessions").await, 0);
    // A new sign-in has nothing to do with what has ended.
    let again = device(&app, &member).await;
    app.get("/auth/me").token(&again.access).send().await.expect(200);
    app.post("/auth/logout", &json!({})).send().await.expect_problem(401, "NOT_SIGNED_IN");
}

#[tokio::test]
async fn people_see_their_own_devices_and_end_them() {
    let app = TestApp::start().await;
    let (member, stranger) = (app.member().await, app.member().await);
    let (one, two) = (device(&app, &member).await, device(&app, &member).await);
    let listed = sessions(&app, &two.access).await;
    let current: Vec<bool> = listed.iter().map(|session| session["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [true, false, false], "newest first; the first sign-in is that of the test itself");
    for session in &listed[..2] {
        assert_eq!((session["agent"].as_str(), session["address"].as_str()), (Some("Device/1.0"), Some("127.0.0.1")));
        assert_eq!(session["createdAt"], session["lastUsedAt"]);
    }
    // A refresh is a use, from wherever it comes.
    let used = refresh(&app, &one.refresh).header("user-agent", "Device/2.0").send().await.expect(200);
    let after = sessions(&app, &two.access).await;
    assert_eq!(after[1]["agent"], "Device/2.0");
    assert!(after[1]["lastUsedAt"].as_str() > after[1]["createdAt"].as_str());

    let page = app.get("/auth/sessions?page=2&limit=2").token(&two.access).send().await.expect(200);
    assert_eq!(page.json["pagination"], json!({ "page": 2, "limit": 2, "total": 3, "totalPages": 2 }));
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/auth/sessions?limit=1&cursor={cursor}");
        let page = app.get(&path).token(&two.access).send().await.expect(200);
        seen.extend(page.json["data"].as_array().unwrap().iter().map(|session| session["id"].clone()));
        let Some(next) = page.json["pagination"]["nextCursor"].as_str() else { break };
        let foreign = app.get(&format!("/auth/sessions?cursor={next}")).token(&stranger.token).send().await;
        foreign.expect_problem(400, "VALIDATION_FAILED");
        cursor = next.to_owned();
    }
    assert_eq!(seen, after.iter().map(|session| session["id"].clone()).collect::<Vec<_>>());
    let list = app.get("/auth/sessions").token(&two.access).send().await.expect(200);
    let known = app.get("/auth/sessions").token(&two.access).header("if-none-match", list.header("etag").unwrap());
    known.send().await.expect(304);

    let path = format!("/auth/sessions/{}", after[1]["id"].as_str().unwrap());
    app.delete(&path).token(&stranger.token).send().await.expect_problem(404, "NOT_FOUND");
    refresh(&app, &used.text("refreshToken")).send().await.expect(200);
    app.delete(&path).token(&two.access).send().await.expect(204);
    assert_ends_soon(&app, &[&app.base], &one.access).await;
    assert_ends_soon(&app, &[&app.base], &used.text("accessToken")).await;
    app.delete(&path).token(&two.access).send().await.expect_problem(404, "NOT_FOUND");
    app.get("/auth/me").token(&two.access).send().await.expect(200);
}

#[tokio::test]
async fn a_sign_in_takes_no_session_that_it_is_offered() {
    let app = TestApp::start().await;
    let (attacker, victim) = (app.member().await, app.member().await);
    let planted = cookie(&app, &attacker).await;
    let body = json!({ "email": victim.email, "password": PASSWORD });
    let signed_in = with_cookie(&app, Method::POST, "/auth/login", &planted).json(&body).send().await.expect(200);
    let own = cookie_of(&signed_in);
    assert_ne!(own, planted);
    for (token, owner) in [(&planted, &attacker), (&own, &victim)] {
        let asked = with_cookie(&app, Method::POST, "/auth/refresh", token).header("origin", &app.base);
        assert_eq!(asked.send().await.expect(200).json["user"]["id"], owner.id.as_str());
    }
}

#[tokio::test]
async fn what_ends_sessions_ends_their_refresh_tokens_too() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let member = app.member().await;
    let (own, other) = (device(&app, &member).await, device(&app, &member).await);
    let change = json!({ "current": PASSWORD, "new": "another horse battery" });
    app.put("/auth/password", &change).token(&own.access).send().await.expect(204);
    refresh(&app, &other.refresh).send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
    let own = Device::of(&refresh(&app, &own.refresh).send().await.expect(200));

    // A role does not end sessions: the next access token has it.
    let path = format!("/users/{}", member.id);
    app.put(&format!("{path}/role"), &json!({ "role": "editor" })).token(&admin.token).send().await.expect(200);
    assert_ends_soon(&app, &[&app.base], &own.access).await;
    let promoted = refresh(&app, &own.refresh).send().await.expect(200);
    assert_eq!(promoted.json["user"]["role"], "editor");
    let post = json!({ "title": "Tides", "content": "They come.", "category": "tech" });
    app.post("/posts", &post).token(&promoted.text("accessToken")).send().await.expect(201);

    app.delete(&path).token(&admin.token).send().await.expect(204);
    refresh(&app, &promoted.text("refreshToken")).send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
    let left = "select count(*) from identity.sessions where subject = any (select substr(aggregate_id, 6) from log.events where event_type = 'UserDeleted')";
    assert_eq!(app.database.count(left).await, 0);
}

#[tokio::test]
async fn a_session_that_nobody_uses_expires_and_is_removed() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let device = device(&app, &member).await;
    let age = "update identity.sessions set expires_at = expires_at - interval '30 days', expires_on = expires_on - 32";
    sqlx::query(age).execute(&app.database.owner).await.unwrap();
    refresh(&app, &device.refresh).send().await.expect_problem(401, "REFRESH_TOKEN_INVALID");
    assert_eq!(sessions(&app, &device.access).await, [Value::Null; 0]);
    assert_eq!(app.database.count("select identity.remove_expired_sessions(1)").await, 1);
    assert_eq!(app.database.count("select identity.remove_expired_sessions(1000)").await, 1);
    assert_eq!(app.database.count("select count(*) from identity.sessions").await, 0);
}

#[tokio::test]
async fn a_rotation_that_a_crash_has_taken_back_signs_nobody_out() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let first = device(&app, &member).await;
    let copy = "create table public.saved as select * from identity.sessions";
    sqlx::query(copy).execute(&app.database.owner).await.unwrap();
    let second = Device::of(&refresh(&app, &first.refresh).send().await.expect(200));
    let third = Device::of(&refresh(&app, &second.refresh).send().await.expect(200));
    let lose = "update identity.sessions s set token_hash = o.token_hash, token_number = o.token_number, past_hashes = o.past_hashes, \
                past_until = o.past_until from public.saved o where o.session_id = s.session_id";
    sqlx::query(lose).execute(&app.database.owner).await.unwrap();
    // The client has more than the database knows of.
    let fourth = Device::of(&refresh(&app, &third.refresh).send().await.expect(200));
    refresh(&app, &fourth.refresh).send().await.expect(200);
    sqlx::query(lose).execute(&app.database.owner).await.unwrap();
    // Or what the database knows: then its successor is the one that was lost.
    assert_eq!(Device::of(&refresh(&app, &first.refresh).send().await.expect(200)).refresh, second.refresh);
}

#[tokio::test]
async fn a_password_is_hashed_anew_when_the_cost_has_changed() {
    let app = TestApp::start_with(|settings| settings.password_hashing_kib = 2_048).await;
    // Made as by a process with the default cost, and signed in.
    let member = app.member().await;
    let kept = sqlx::query_scalar("select value from log.secrets where kind = 'password' and subject = $1");
    let kept: String = kept.bind(&member.id).fetch_one(&app.database.owner).await.unwrap();
    assert!(kept.starts_with("$argon2id$v=19$m=2048,t=2,p=1$"), "{kept}");
    app.sign_in("demo", &member.email, PASSWORD).await;
    let wrong = json!({ "email": member.email, "password": "wrong horse battery" });
    app.post("/auth/login", &wrong).send().await.expect_problem(401, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn a_password_of_ten_thousand_characters_or_a_mebibyte_is_refused_before_it_costs_a_hash() {
    let app = TestApp::start().await;
    let member = app.member().await;
    for length in [10_000, 1 << 20] {
        assert_refused_for_its_length(&app, &member, &"x".repeat(length)).await;
    }
}

async fn assert_refused_for_its_length(app: &TestApp, member: &Person, long: &str) {
    let login = json!({ "email": member.email, "password": long });
    let register = json!({ "email": "ada@example.com", "password": long, "name": "Ada" });
    for (path, body) in [("/auth/login", &login), ("/auth/register", &register)] {
        let refused = app.post(path, body).send().await.expect_problem(400, "VALIDATION_FAILED");
        assert_eq!(refused.faults(), ["password: too_long"]);
    }
    for (change, fault) in [
        (json!({ "current": long, "new": "another horse battery" }), "current: too_long"),
        (json!({ "current": PASSWORD, "new": long }), "new: too_long"),
    ] {
        let refused = app.put("/auth/password", &change).token(&member.token).send().await;
        assert_eq!(refused.expect_problem(400, "VALIDATION_FAILED").faults(), [fault]);
    }
}

#[tokio::test]
async fn nobody_makes_themselves_more_than_they_are() {
    let app = TestApp::start().await;
    let member = app.member().await;
    for field in ["role", "id", "version", "email", "password", "sessionId", "tenant", "tenantId", "emailVerified"] {
        let account = json!({ field: "admin", "email": "eve@example.com", "password": PASSWORD, "name": "Eve" });
        if !matches!(field, "email" | "password") {
            let refused = app.post("/auth/register", &account).send().await;
            assert_eq!(refused.expect_problem(400, "VALIDATION_FAILED").faults(), [format!("{field}: unknown_field")]);
        }
        let body = json!({ field: "admin", "name": "Eve" });
        let refused = app.patch("/auth/me", &body).token(&member.token).send().await;
        assert_eq!(refused.expect_problem(400, "VALIDATION_FAILED").faults(), [format!("{field}: unknown_field")]);
    }
    let body = json!({ "everywhere": true, "userId": "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b" });
    app.post("/auth/logout", &body).token(&member.token).send().await.expect_problem(400, "VALIDATION_FAILED");
    app.get("/auth/me").token(&member.token).send().await.expect(200);
}

/// Hashes stand in a queue of their own, and what does not find a place there is told so at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_sign_ins_at_once_harm_no_other_route_and_take_no_more_connections() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let body = json!({ "email": member.email, "password": PASSWORD });
    let storm = join_all((0..200).map(|_| app.post("/auth/login", &body).send()));
    let others = async {
        let (mut slowest, mut most) = (Duration::ZERO, 0);
        for _ in 0..20 {
            let started = Instant::now();
            app.get("/tags").send().await.expect(200);
            app.get("/auth/me").token(&member.token).send().await.expect(200);
            slowest = slowest.max(started.elapsed());
            let open = "select count(*) from pg_stat_activity where datname = current_database() \
                        and application_name = 'tidemark api' and usename = 'tidemark_log'";
            most = most.max(app.database.count(open).await);
        }
        (slowest, most)
    };
    let (answers, (slowest, most)) = tokio::join!(storm, others);
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    println!(
        "{} signed in, {} were sent away; others waited {slowest:?} at most; {most} connections",
        count(200),
        count(503)
    );
    assert!(count(200) > 0 && count(200) + count(503) == 200);
    let told = |answer: &Answer| answer.status == 200 || answer.header("retry-after").is_some();
    assert!(answers.iter().all(told));
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    // Both pools, for commands and for cold loads; the listener has its connection of the first.
    assert!((1..=8 + 4).contains(&most), "{most}");
    app.sign_in("demo", &member.email, PASSWORD).await;
}
