//! What a liar may try: a provider, somebody between, or another site that steers a browser.

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::fake::{Fake, Lie};
use super::{Browser, app, app_with, callback, events_of_people};
use crate::support::{PASSWORD, TestApp, eventually};

/// Nobody is signed in, and nobody has an account.
async fn assert_nobody(app: &TestApp, browser: &Browser) {
    assert!(!browser.is_signed_in());
    assert_eq!(events_of_people(app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_state_is_good_once_in_one_browser_and_to_the_letter() {
    let (app, fake) = app().await;
    let mut browser = Browser::default();
    let asked = browser.start(&app, "fake", "/").await;
    let (state, code) = (asked["state"].clone(), fake.visit(&asked));
    assert!(state.len() >= 43 && asked["nonce"].len() >= 43 && asked["nonce"] != state);
    // Another site's answer, or an attacker's own, brought by a browser that has begun nothing, or something else.
    let mut stranger = Browser::default();
    stranger.come_back(&app, "fake", &state, &code).await.expect_problem(400, "OIDC_STATE_INVALID");
    stranger.start(&app, "fake", "/").await;
    stranger.come_back(&app, "fake", &state, &code).await.expect_problem(400, "OIDC_STATE_INVALID");
    for wrong in ["", "x", &state[1..], &state.to_uppercase(), &"x".repeat(43)] {
        browser.come_back(&app, "fake", wrong, &code).await.expect_problem(400, "OIDC_STATE_INVALID");
    }
    browser
        .get(&app, &format!("/api/v1/auth/oidc/fake/callback?code={code}"))
        .await
        .expect_problem(400, "OIDC_STATE_INVALID");
    let twice = format!("{}&state={state}", callback("fake", &state, &code));
    browser.get(&app, &twice).await.expect_problem(400, "MALFORMED_REQUEST");
    assert_nobody(&app, &browser).await;
    assert_eq!(fake.behaviour.lock().unwrap().token_requests, 0, "no code goes out for a state that is not ours");
    // None of that has used it up.
    let kept = browser.clone();
    browser.come_back(&app, "fake", &state, &code).await.expect(303);
    // Again, with the cookie that somebody has kept.
    let mut again = kept.clone();
    again.come_back(&app, "fake", &state, &fake.visit(&asked)).await.expect_problem(400, "OIDC_STATE_INVALID");
    assert!(!again.is_signed_in());
    // And on another process.
    let (base, _running) = app.beside().await;
    let cookie = format!("oidc-demo={}", kept.cookies["oidc-demo"]);
    let ask = app.ask_at(&base, Method::GET, &callback("fake", &state, "c")).header("cookie", cookie);
    ask.send().await.expect_problem(400, "OIDC_STATE_INVALID");
}

#[tokio::test]
async fn an_attempt_belongs_to_its_tenant() {
    let (app, fake) = app().await;
    app.create_tenant("other").await;
    let mut browser = Browser::default();
    let asked = browser.start(&app, "fake", "/").await;
    let path = callback("fake", &asked["state"], &fake.visit(&asked));
    let sealed = &browser.cookies["oidc-demo"];
    for name in ["oidc-demo", "oidc-other"] {
        let ask = app.ask(Method::GET, &path).tenant("other").header("cookie", format!("{name}={sealed}"));
        ask.send().await.expect_problem(400, "OIDC_STATE_INVALID");
    }
}

#[tokio::test]
async fn a_token_that_does_not_fit_to_the_letter_proves_nothing() {
    let (app, fake) = app().await;
    let now = chrono::Utc::now().timestamp();
    for claims in [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": "somebody else" }),
        json!({ "aud": ["somebody else", "nobody"] }),
        json!({ "aud": null }),
        json!({ "aud": ["tidemark", "somebody else"] }),
        json!({ "azp": "somebody else" }),
        json!({ "aud": ["tidemark", "somebody else"], "azp": "somebody else" }),
        json!({ "iss": "https://accounts.google.com" }),
        json!({ "iss": format!("{}/", fake.issuer) }),
        json!({ "iss": null }),
        json!({ "exp": now - 60 }),
        json!({ "exp": null }),
        json!({ "exp": "never" }),
        json!({ "nbf": now + 600 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": 7 }),
        json!({ "sub": "x".repeat(256) }),
    ] {
        fake.claim(claims.clone());
        let mut browser = Browser::default();
        let answer = browser.sign_in(&app, &fake).await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (401, Some("OIDC_UNPROVEN")), "{claims}");
        assert_nobody(&app, &browser).await;
    }
    fake.claim(json!({ "aud": ["tidemark", "somebody else"], "azp": "tidemark" }));
    Browser::default().sign_in(&app, &fake).await.expect(303);
}

#[tokio::test]
async fn a_token_that_no_key_of_the_provider_has_signed_proves_nothing() {
    let (app, fake) = app().await;
    for lie in [Lie::AlgNone, Lie::AlgSharedSecret, Lie::OtherKey, Lie::NoToken] {
        fake.lie(lie);
        let mut browser = Browser::default();
        let answer = browser.sign_in(&app, &fake).await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (401, Some("OIDC_UNPROVEN")), "{lie:?}");
        assert_nobody(&app, &browser).await;
    }
}

#[tokio::test]
async fn a_code_without_its_proof_key_is_worth_nothing() {
    let (app, fake) = app().await;
    let (mut victim, mut thief) = (Browser::default(), Browser::default());
    let asked = victim.start(&app, "fake", "/").await;
    assert_eq!((asked["code_challenge_method"].as_str(), asked["code_challenge"].len()), ("S256", 43));
    assert_eq!((asked["response_type"].as_str(), asked["scope"].as_str()), ("code", "openid email"));
    assert_eq!(asked["tenant"], "1", "what the provider's address holds already stays");
    // The code of the victim's sign-in, put into one of the thief's own.
    let stolen = fake.visit(&asked);
    let own = thief.start(&app, "fake", "/").await;
    assert_ne!(own["code_challenge"], asked["code_challenge"]);
    thief.come_back(&app, "fake", &own["state"], &stolen).await.expect_problem(401, "OIDC_UNPROVEN");
    assert_nobody(&app, &thief).await;
}

#[tokio::test]
async fn two_providers_are_not_mixed_up() {
    let (fake, evil) = (Fake::start(1).await, Fake::start(2).await);
    let app = app_with(vec![fake.settings("fake"), evil.settings("evil")]).await;
    let mut browser = Browser::default();
    // The answer to one is brought to the other, by its address or by its word.
    let asked = browser.start(&app, "fake", "/").await;
    assert!(asked["redirect_uri"].ends_with("/api/v1/auth/oidc/fake/callback"));
    let code = fake.visit(&asked);
    browser.come_back(&app, "evil", &asked["state"], &code).await.expect_problem(400, "OIDC_STATE_INVALID");
    assert_eq!(evil.behaviour.lock().unwrap().token_requests, 0, "no code goes to another provider");
    let issuer: String = url::form_urlencoded::byte_serialize(evil.issuer.as_bytes()).collect();
    let path = format!("{}&iss={issuer}", callback("fake", &asked["state"], &code));
    browser.get(&app, &path).await.expect_problem(401, "OIDC_UNPROVEN");
    assert_eq!(fake.behaviour.lock().unwrap().token_requests, 0);
    assert_nobody(&app, &browser).await;
    // One that gives the subject of another is somebody else.
    browser.sign_in(&app, &fake).await.expect(303);
    evil.claim(json!({ "email": "mallory@example.com" }));
    let mut mallory = Browser::default();
    let asked = mallory.start(&app, "evil", "/").await;
    mallory.come_back(&app, "evil", &asked["state"], &evil.visit(&asked)).await.expect(303);
    let registered = "select count(*) from log.events where event_type = 'UserRegistered'";
    assert_eq!(app.database.count(registered).await, 2);
}

#[tokio::test]
async fn a_provider_that_says_no_signs_nobody_in() {
    let (app, fake) = app().await;
    let mut browser = Browser::default();
    let asked = browser.start(&app, "fake", "/").await;
    let no = |state: &str| {
        format!("/api/v1/auth/oidc/fake/callback?error=access_denied&error_description=%3Cb%3E&state={state}")
    };
    browser.get(&app, &no("another")).await.expect_problem(400, "OIDC_STATE_INVALID");
    let told = browser.get(&app, &no(&asked["state"])).await.expect_problem(401, "OIDC_REFUSED");
    assert!(!told.json.to_string().contains("<b>"), "nobody repeats what an address says");
    assert!(browser.cookies.is_empty(), "the attempt is over");
    // With a code beside it, too.
    let asked = browser.start(&app, "fake", "/").await;
    let both = format!("{}&error=access_denied", callback("fake", &asked["state"], &fake.visit(&asked)));
    browser.get(&app, &both).await.expect_problem(401, "OIDC_REFUSED");
    assert_nobody(&app, &browser).await;
}

#[tokio::test]
async fn a_provider_that_hangs_redirects_or_lies_about_itself_holds_up_nobody_else() {
    for lie in [Lie::Hang, Lie::RedirectDiscovery, Lie::OtherIssuer, Lie::Endless] {
        let (app, fake) = app().await;
        fake.lie(lie);
        let since = Instant::now();
        let starting = app.get("/auth/oidc/fake/start").send();
        let others = async {
            for _ in 0..5 {
                app.get("/posts").send().await.expect(200);
            }
            since.elapsed()
        };
        let (answer, others) = tokio::join!(starting, others);
        assert!(others < Duration::from_secs(4), "{lie:?}: {others:?}");
        let answer = answer.expect_problem(503, "UNAVAILABLE");
        assert!(answer.header("retry-after").is_some() && answer.header("set-cookie").is_none());
        assert!(since.elapsed() < Duration::from_secs(12), "{lie:?}");
        // It is asked again as soon as it is well.
        fake.lie(Lie::None);
        Browser::default().sign_in(&app, &fake).await.expect(303);
    }
}

/// Sign-ins by password have the same room as those by a provider: who waits for one that hangs must not fill it.
#[tokio::test]
async fn those_who_wait_for_a_provider_that_hangs_leave_room_for_passwords() {
    let (app, fake) = app().await;
    let member = app.member().await;
    fake.lie(Lie::Hang);
    let starting = join_all((0..80).map(|_| app.get("/auth/oidc/fake/start").send()));
    let signing_in = async {
        eventually("the provider is asked", async || fake.behaviour.lock().unwrap().discoveries > 0).await;
        let login = json!({ "email": member.email, "password": PASSWORD });
        for _ in 0..3 {
            app.post("/auth/login", &login).send().await.expect(200);
        }
    };
    let (started, ()) = tokio::join!(starting, signing_in);
    for answer in started {
        answer.expect_problem(503, "UNAVAILABLE");
    }
}

#[tokio::test]
async fn what_a_provider_says_of_itself_is_kept_and_no_redirect_is_followed_with_a_code() {
    let (app, fake) = app().await;
    for _ in 0..3 {
        Browser::default().sign_in(&app, &fake).await.expect(303);
    }
    assert_eq!(fake.behaviour.lock().unwrap().discoveries, 1);
    fake.lie(Lie::RedirectToken);
    Browser::default().sign_in(&app, &fake).await.expect_problem(503, "UNAVAILABLE");
}

#[tokio::test]
async fn nobody_is_sent_anywhere_else_afterwards() {
    let (app, fake) = app().await;
    for evil in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/.//evil.example",
        "",
        "welcome",
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        let answer = app.get(&format!("/auth/oidc/fake/start?return_to={encoded}")).send().await;
        let answer = answer.expect_problem(400, "VALIDATION_FAILED");
        assert_eq!(answer.faults(), ["return_to: not_allowed"], "{evil}");
    }
    app.get("/auth/oidc/fake/start?colour=red").send().await.expect_problem(400, "VALIDATION_FAILED");
    app.get("/auth/oidc/nobody/start").send().await.expect_problem(404, "NOT_FOUND");
    app.get("/auth/oidc/nobody/callback?code=c&state=s").send().await.expect_problem(404, "NOT_FOUND");
    // Where it goes was said at the start, and is nothing that the way back could change.
    let mut browser = Browser::default();
    let asked = browser.start(&app, "fake", "https://shop.example/in?x=1").await;
    let path = format!("{}&return_to=https://evil.example", callback("fake", &asked["state"], &fake.visit(&asked)));
    let answer = browser.get(&app, &path).await.expect(303);
    assert_eq!(answer.header("location"), Some("https://shop.example/in?x=1"));
}

#[tokio::test]
async fn a_session_that_somebody_has_put_into_a_browser_is_not_gone_on_with() {
    let (app, fake) = app().await;
    let attacker = app.member().await;
    let body = json!({ "email": attacker.email, "password": crate::support::PASSWORD, "tokenDelivery": "body" });
    let planted = app.post("/auth/login", &body).send().await.expect(200).text("refreshToken");
    let mut victim = Browser::default();
    victim.cookies.insert("refresh-demo".to_owned(), planted.clone());
    victim.sign_in(&app, &fake).await.expect(303);
    assert_ne!(victim.cookies["refresh-demo"], planted);
    let me = app.get("/auth/me").token(&victim.access_token(&app).await).send().await.expect(200);
    assert_eq!(me.text("email"), "ada@example.com");
    let sessions = app.get("/auth/sessions").token(&attacker.token).send().await.expect(200);
    assert_eq!(sessions.json["data"].as_array().map(Vec::len), Some(2), "the attacker sees no session of the victim");
}

#[tokio::test]
async fn no_token_and_no_secret_is_in_an_address_a_cookie_or_an_answer() {
    let (app, fake) = app().await;
    let mut browser = Browser::default();
    let started = browser.get(&app, "/api/v1/auth/oidc/fake/start").await.expect(303);
    let location = started.header("location").unwrap().to_owned();
    assert!(!location.contains("secret"), "{location}");
    let asked: std::collections::HashMap<String, String> =
        url::Url::parse(&location).unwrap().query_pairs().into_owned().collect();
    assert!(!browser.cookies["oidc-demo"].contains(&asked["nonce"]));
    let done = browser.come_back(&app, "fake", &asked["state"], &fake.visit(&asked)).await.expect(303);
    assert_eq!((done.header("location"), done.body.len(), &done.json), (Some("/"), 0, &Value::Null));
}

#[tokio::test]
async fn a_tenant_sends_people_back_to_its_own_origins_and_to_no_other_tenants() {
    let (app, _fake) = app().await;
    app.create_tenant("other").await;
    let admin = app.admin().await;
    let own = json!({ "corsOrigins": ["https://own.example"] });
    app.patch("/settings", &own).token(&admin.token).send().await.expect(200);
    let start =
        |tenant: &'static str| app.get("/auth/oidc/fake/start?return_to=https://own.example/in").tenant(tenant).send();
    crate::support::eventually("the list is known", async || start("demo").await.status == 303).await;
    start("other").await.expect_problem(400, "VALIDATION_FAILED");
}
