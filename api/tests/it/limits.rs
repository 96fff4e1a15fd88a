//! Rate limits as a client meets them, over one process and over several.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tidemark_runtime::Settings;

use crate::support::{Answer, PASSWORD, RedisServer, TestApp, eventually};

/// Ten at once, from any address, which a proxy on this machine names.
fn strict(settings: &mut Settings) {
    settings.rate_anonymous = 60;
    settings.trusted_proxies = Some("127.0.0.0/8".to_owned());
}

async fn from(app: &TestApp, base: &str, address: &str) -> Answer {
    app.ask_at(base, Method::GET, "/api/v1/tags").header("x-forwarded-for", address).send().await
}

/// How many of `asked` requests from one address are let through, sent to all of `bases` in turn.
async fn let_through(app: &TestApp, bases: &[&str], address: &str, asked: usize) -> usize {
    let mut count = 0;
    for n in 0..asked {
        let answer = from(app, bases[n % bases.len()], address).await;
        assert!(matches!(answer.status, 200 | 429), "{}", answer.status);
        count += usize::from(answer.status == 200);
    }
    count
}

async fn is_degraded(app: &TestApp) -> bool {
    let health = app.ask(Method::GET, "/health/ready").send().await;
    health.json["reasons"].to_string().contains("Redis is away")
}

#[tokio::test]
async fn every_answer_says_how_much_is_left_and_the_last_when_to_come_back() {
    let app = TestApp::start_with(strict).await;
    let policy = "\"anonymous\";q=60;w=60;tidemark-burst=10";
    let first = from(&app, &app.base, "192.0.2.1").await.expect(200);
    assert_eq!(first.header("ratelimit-policy"), Some(policy));
    assert_eq!(first.header("ratelimit"), Some("\"anonymous\";r=9;t=1"));
    let answers = join_all((0..30).map(|_| from(&app, &app.base, "192.0.2.1"))).await;
    let refused = answers.into_iter().find(|answer| answer.status == 429).unwrap();
    let refused = refused.expect_problem(429, "RATE_LIMITED");
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit-policy")), (Some("1"), Some(policy)));
    assert!(refused.header("ratelimit").unwrap().starts_with("\"anonymous\";r=0;"));
    // Whoever is signed in, of another address or of another tenant goes on.
    let editor = app.editor().await;
    let mine = app.get("/tags").header("x-forwarded-for", "192.0.2.1").token(&editor.token).send().await.expect(200);
    assert_eq!(mine.header("ratelimit-policy"), Some("\"signed-in\";q=1000000;w=60;tidemark-burst=166666"));
    from(&app, &app.base, "192.0.2.2").await.expect(200);
    app.create_tenant("acme").await;
    app.get("/tags").tenant("acme").header("x-forwarded-for", "192.0.2.1").send().await.expect(200);
}

#[tokio::test]
async fn what_fails_before_it_has_a_tenant_or_a_user_is_counted_too() {
    let app = TestApp::start_with(strict).await;
    for (address, path, tenant, token) in [
        ("192.0.2.1", "/api/v1/nowhere", "demo", None),
        ("192.0.2.2", "/api/v1/tags", "no-such-tenant", None),
        ("192.0.2.3", "/api/v1/tags", "demo", Some("forged")),
        ("192.0.2.4", "/api/v9/tags", "demo", None),
        ("192.0.2.5", "/.well-known/jwks.json", "demo", None),
    ] {
        let mut refused = 0;
        for _ in 0..30 {
            let ask = app.ask(Method::GET, path).tenant(tenant).header("x-forwarded-for", address);
            let ask = if let Some(token) = token { ask.token(token) } else { ask };
            let answer = ask.send().await;
            assert!(answer.header("ratelimit").is_some(), "{path}");
            refused += usize::from(answer.status == 429);
        }
        assert!(refused > 0, "{path} of {tenant}");
    }
}

#[tokio::test]
async fn only_a_trusted_proxy_names_the_client() {
    let app = TestApp::start_with(|settings| settings.rate_anonymous = 60).await;
    let mut refused = 0;
    for n in 0..30 {
        refused += usize::from(from(&app, &app.base, &format!("198.51.100.{n}")).await.status == 429);
    }
    assert!(refused > 0, "an address that anybody may write was believed");

    let app = TestApp::start_with(strict).await;
    let mut refused = 0;
    for n in 0..30 {
        // What a client wrote itself stands before what the proxy has added.
        refused += usize::from(from(&app, &app.base, &format!("203.0.113.{n}, 192.0.2.7")).await.status == 429);
    }
    assert!(refused > 0, "the invention of a client was believed");
}

#[tokio::test]
async fn passwords_are_not_guessed_by_trying() {
    let app = TestApp::start_with(|settings| {
        settings.rate_sign_in = 10;
        settings.trusted_proxies = Some("127.0.0.0/8".to_owned());
    })
    .await;
    let member = app.member().await;
    let sign_in = async |address: &str, password: &str| {
        let body = json!({ "email": member.email.to_uppercase(), "password": password });
        app.post("/auth/login", &body).header("x-forwarded-for", address).send().await
    };
    let answers = join_all((0..20).map(|_| sign_in("192.0.2.1", "wrong password"))).await;
    assert!(answers.iter().filter(|answer| answer.status == 401).count() <= 6);
    let refused = sign_in("192.0.2.1", PASSWORD).await.expect_problem(429, "RATE_LIMITED");
    assert!(refused.header("ratelimit-policy").unwrap().contains("\"sign-in-account\";q=1000000;w=60"));
    // The owner is elsewhere, and not locked out.
    sign_in("192.0.2.2", PASSWORD).await.expect(200);
    // Nor is the guesser's neighbour.
    let other = app.editor().await;
    let body = json!({ "email": other.email, "password": PASSWORD });
    app.post("/auth/login", &body).header("x-forwarded-for", "192.0.2.1").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_count_together_in_redis_and_alone_while_it_is_away() {
    let Some(mut redis) = RedisServer::start().await else { return };
    let app = TestApp::start_with(|settings| {
        strict(settings);
        settings.redis_url = Some(redis.url());
    })
    .await;
    let (beside, _running) = app.beside().await;
    let bases = [app.base.as_str(), beside.as_str()];
    // On a busy machine an answer of Redis may be late now and then, and then a process counts alone, as it should.
    let together = async |what: &str, network: &str| {
        let hosts = std::cell::Cell::new(0);
        eventually(what, async || {
            hosts.set(hosts.get() + 1);
            let_through(&app, &bases, &format!("{network}.{}", hosts.get()), 18).await < 14
        })
        .await;
    };
    together("they count together", "192.0.2").await;

    // Killed under load: nobody notices.
    let load = join_all((0..8).map(async |client| {
        for n in 0..40 {
            from(&app, bases[n % 2], &format!("10.{client}.{n}.1")).await.expect(200);
        }
    }));
    let kill = async {
        from(&app, &app.base, "192.0.2.200").await.expect(200);
        redis.kill();
    };
    tokio::join!(load, kill);
    eventually("its absence is told", async || is_degraded(&app).await).await;
    let alone = let_through(&app, &bases, "198.51.100.1", 36).await;
    assert!((18..36).contains(&alone), "each process has a limit of its own: {alone}");

    redis.run().await;
    eventually("it is used again", async || !is_degraded(&app).await).await;
    together("they count together again", "203.0.113").await;
}
