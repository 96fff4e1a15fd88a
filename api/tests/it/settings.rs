//! The settings of a tenant: who sees them, what they take, and that they hold on every process.

use reqwest::Method;
use serde_json::{Value, json};
use tidemark_kernel::Role;

use crate::support::{PASSWORD, Person, TestApp, eventually};

const SECRET: &str = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";

async fn patch(app: &TestApp, admin: &Person, body: &Value) -> crate::support::Answer {
    app.patch("/settings", body).token(&admin.token).send().await
}

#[tokio::test]
async fn a_new_tenant_has_settings_and_an_admin_changes_them() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let shown = app.get("/settings").token(&admin.token).send().await.expect(200);
    assert_eq!(
        (&shown.json["id"], &shown.json["timeZone"], &shown.json["language"]),
        (&json!("demo"), &json!("UTC"), &json!("en"))
    );
    assert_eq!((&shown.json["defaultCurrency"], &shown.json["rateLimits"]["anonymous"]), (&Value::Null, &Value::Null));
    assert_eq!(shown.json["secrets"]["stripeSecretKey"], json!({ "set": false }));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let body = json!({
        "name": "Demo & Co", "defaultCurrency": "EUR", "timeZone": "Europe/Berlin", "language": "DE-ch",
        "senderAddress": "shop@demo.example", "siteUrl": "https://shop.demo.example/",
        "corsOrigins": ["https://shop.demo.example"], "rateLimits": { "anonymous": 120 },
        "quotas": { "users": 50, "uploadBytes": 1_073_741_824 },
    });
    let changed = patch(&app, &admin, &body).await.expect(200);
    assert_eq!((&changed.json["version"], changed.header("etag")), (&json!(3), Some("\"3\"")));
    let after = changed.position();
    let seen = app.get("/settings").token(&admin.token).header("tidemark-after", &after).send().await.expect(200);
    assert_eq!(seen.json, changed.json);
    assert_eq!((&seen.json["language"], &seen.json["siteUrl"]), (&json!("de-CH"), &json!("https://shop.demo.example")));
    // What is absent stays, `null` takes away.
    let body = json!({ "defaultCurrency": null, "timeZone": null, "rateLimits": { "refresh": 30 }, "quotas": { "users": null } });
    let changed = patch(&app, &admin, &body).await.expect(200).json;
    assert_eq!(
        (&changed["name"], &changed["defaultCurrency"], &changed["timeZone"]),
        (&json!("Demo & Co"), &Value::Null, &json!("UTC"))
    );
    assert_eq!((&changed["rateLimits"]["anonymous"], &changed["rateLimits"]["refresh"]), (&json!(120), &json!(30)));
    assert_eq!((&changed["quotas"]["users"], &changed["quotas"]["uploadBytes"]), (&Value::Null, &json!(1_073_741_824)));
    // As it is already: nothing is appended.
    assert_eq!(patch(&app, &admin, &body).await.expect(200).json["version"], changed["version"]);
    let all = json!({ "rateLimits": null, "corsOrigins": null });
    let changed = patch(&app, &admin, &all).await.expect(200).json;
    assert_eq!((&changed["rateLimits"]["anonymous"], &changed["corsOrigins"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn settings_that_nobody_can_have_are_refused_all_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({
        "name": "", "defaultCurrency": "eur", "timeZone": "Mars/Olympus_Mons", "language": "deutsch", "senderAddress": "nobody",
        "siteUrl": "javascript:alert(1)", "corsOrigins": ["https://shop.example/", "*", 7],
        "rateLimits": { "anonymous": 1, "signIn": 1_000_000, "media": 5 }, "quotas": { "users": -1, "uploadBytes": "much" },
        "secrets": { "stripeSecretKey": "a b", "password": "x" }, "colour": "red",
    });
    assert_eq!(
        patch(&app, &admin, &body).await.expect(400).faults(),
        [
            "colour: unknown_field",
            "corsOrigins[0]: invalid",
            "corsOrigins[1]: invalid",
            "corsOrigins[2]: invalid",
            "defaultCurrency: invalid",
            "language: invalid",
            "name: too_short",
            "quotas.uploadBytes: invalid",
            "quotas.users: out_of_range",
            "rateLimits.anonymous: out_of_range",
            "rateLimits.media: unknown_field",
            "rateLimits.signIn: out_of_range",
            "secrets.password: unknown_field",
            "secrets.stripeSecretKey: invalid",
            "senderAddress: invalid",
            "siteUrl: invalid",
            "timeZone: invalid",
        ]
    );
    let twice = json!({ "corsOrigins": ["https://shop.example", "https://shop.example"] });
    assert_eq!(patch(&app, &admin, &twice).await.expect(400).faults(), ["corsOrigins: invalid"]);
    let wrong = json!({ "rateLimits": 7, "quotas": [], "secrets": "all", "corsOrigins": {} });
    assert_eq!(
        patch(&app, &admin, &wrong).await.expect(400).faults(),
        ["corsOrigins: invalid", "quotas: invalid", "rateLimits: invalid", "secrets: invalid"]
    );
    assert_eq!(app.get("/settings").token(&admin.token).send().await.expect(200).json["version"], 1);
}

#[tokio::test]
async fn settings_that_have_moved_on_are_not_overwritten() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let seen = app.get("/settings").token(&admin.token).send().await.expect(200).header("etag").unwrap().to_owned();
    let name = |name: &str| json!({ "name": name });
    let asked = |body: Value| app.patch("/settings", &body).token(&admin.token).header("if-match", &seen);
    asked(name("First")).send().await.expect(200);
    asked(name("Second")).send().await.expect_problem(412, "VERSION_MISMATCH");
    let keyed = || app.patch("/settings", &name("Third")).token(&admin.token).header("idempotency-key", "once").send();
    let first = keyed().await.expect(200);
    let again = keyed().await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
}

#[tokio::test]
async fn a_secret_goes_in_and_never_comes_out() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let written = patch(&app, &admin, &json!({ "secrets": { "stripeSecretKey": SECRET } })).await.expect(200);
    assert_eq!(written.json["secrets"]["stripeSecretKey"], json!({ "set": true }));
    assert_eq!(written.json["secrets"]["oidcClientSecret"], json!({ "set": false }));
    assert!(!String::from_utf8_lossy(&written.body).contains(SECRET));
    let after = written.position();
    let shown = app.get("/settings").token(&admin.token).header("tidemark-after", &after).send().await.expect(200);
    assert!(!String::from_utf8_lossy(&shown.body).contains(SECRET));
    let open = async || app.operator.open_secret("demo", "settings", "stripeSecretKey").await.unwrap();
    assert_eq!(open().await.as_deref(), Some(SECRET));
    // Neither an event nor a row has it in clear; and a row that somebody moves to another tenant or name opens nothing.
    let pool = app.operator.pool();
    let events: Vec<String> =
        sqlx::query_scalar("select payload::text || metadata::text from log.events").fetch_all(pool).await.unwrap();
    let rows: Vec<String> =
        sqlx::query_scalar("select value from log.secrets where kind = 'settings'").fetch_all(pool).await.unwrap();
    assert!(events.iter().chain(&rows).all(|text| !text.contains(SECRET)) && rows.len() == 1);
    patch(&app, &admin, &json!({ "secrets": { "stripeSecretKey": "sk_live_other" } })).await.expect(200);
    assert_eq!(open().await.as_deref(), Some("sk_live_other"));
    patch(&app, &admin, &json!({ "secrets": { "stripeSecretKey": null } })).await.expect(200);
    assert_eq!(open().await, None);
}

#[tokio::test]
async fn limits_of_a_tenants_own_hold_on_every_process_for_that_tenant_alone() {
    let app = TestApp::start().await;
    app.create_tenant("acme").await;
    let admin = app.admin().await;
    let (beside, _running) = app.beside().await;
    let policy = async |base: &str, tenant: &str| {
        let answer = app.ask_at(base, Method::GET, "/api/v1/tags").tenant(tenant).send().await;
        answer.header("ratelimit-policy").unwrap_or_default().to_owned()
    };
    let usual = policy(&beside, "demo").await;
    patch(&app, &admin, &json!({ "rateLimits": { "anonymous": 60 } })).await.expect(200);
    let lowered = "\"anonymous\";q=60;w=60;tidemark-burst=10";
    for base in [&app.base, &beside] {
        eventually("the limit holds", async || policy(base, "demo").await == lowered).await;
        assert_eq!(policy(base, "acme").await, usual);
    }
    let mut refused = false;
    for _ in 0..20 {
        refused |= app.get("/tags").send().await.status == 429;
    }
    assert!(refused);
    patch(&app, &admin, &json!({ "rateLimits": null })).await.expect(200);
    eventually("the limit has ended", async || policy(&beside, "demo").await == usual).await;
}

#[tokio::test]
async fn origins_of_a_tenants_own_are_let_in_for_that_tenant_alone() {
    const SITE: &str = "https://shop.demo.example";
    let app = TestApp::start().await;
    app.create_tenant("acme").await;
    let admin = app.admin().await;
    let (beside, _running) = app.beside().await;
    let shared = async |base: &str, tenant: &str, origin: &str| {
        let answer = app.ask_at(base, Method::GET, "/api/v1/tags").tenant(tenant).header("origin", origin).send().await;
        answer.header("access-control-allow-origin").map(str::to_owned)
    };
    let preflight = async |origin: &str, names: &'static str| {
        let asked = app.client.request(Method::OPTIONS, format!("{beside}/api/v1/tags")).header("origin", origin);
        let asked =
            asked.header("access-control-request-method", "GET").header("access-control-request-headers", names);
        asked.send().await.unwrap()
    };
    assert_eq!(preflight(SITE, "authorization").await.status(), 403);
    patch(&app, &admin, &json!({ "corsOrigins": [SITE] })).await.expect(200);
    for base in [&app.base, &beside] {
        eventually("the origin is let in", async || shared(base, "demo", SITE).await.as_deref() == Some(SITE)).await;
        assert_eq!(shared(base, "acme", SITE).await, None);
        assert_eq!(shared(base, "demo", "https://evil.example").await, None);
    }
    for names in ["authorization", "authorization, x-tenant"] {
        let told = preflight(SITE, names).await;
        assert_eq!(
            (told.status().as_u16(), &told.headers()["access-control-allow-origin"]),
            (204, &SITE.parse().unwrap())
        );
        assert_eq!(preflight("https://evil.example", names).await.status(), 403);
    }
    // What is refused is shared too, so that scripts can read why.
    let refused = app.get("/settings").header("origin", SITE).send().await.expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), Some(SITE));
    // A cookie of another tenant is not believed from there.
    let login = json!({ "email": app.person("acme", Role::Member).await.email, "password": PASSWORD });
    let signed_in = app.post("/auth/login", &login).tenant("acme").send().await.expect(200);
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let refresh = app.post("/auth/refresh", &json!({})).tenant("acme").header("cookie", &cookie).header("origin", SITE);
    refresh.send().await.expect(403);
}

#[tokio::test]
async fn there_are_never_more_people_than_the_quota_says() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (beside, _running) = app.beside().await;
    patch(&app, &admin, &json!({ "quotas": { "users": 4 } })).await.expect(200);
    let register = async |n: usize| {
        let body = json!({ "email": format!("new-{n}@example.com"), "password": PASSWORD, "name": "New" });
        let base = if n.is_multiple_of(2) { &app.base } else { &beside };
        app.ask_at(base, Method::POST, "/api/v1/auth/register").json(&body).send().await
    };
    let answers = futures::future::join_all((0..12).map(register)).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 3);
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        refused.expect_problem(409, "QUOTA_EXCEEDED");
    }
    let body = json!({ "email": "last@example.com", "password": PASSWORD, "name": "Last", "role": "member" });
    let create = || app.post("/users", &body).token(&admin.token);
    create().send().await.expect_problem(409, "QUOTA_EXCEEDED");
    create().header("idempotency-key", "last").send().await.expect_problem(409, "QUOTA_EXCEEDED");
    // A refusal uses no key up. Whoever leaves makes room for one, and only one.
    patch(&app, &admin, &json!({ "quotas": { "users": 5 } })).await.expect(200);
    let last = create().header("idempotency-key", "last").send().await.expect(201);
    let again = create().header("idempotency-key", "last").send().await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), again.text("id")), (Some("true"), last.text("id")));
    app.delete(&format!("/users/{}", last.text("id"))).token(&admin.token).send().await.expect(204);
    register(20).await.expect(201);
    register(21).await.expect_problem(409, "QUOTA_EXCEEDED");
    // Less than there are already drives nobody out, and no end lets everybody in.
    patch(&app, &admin, &json!({ "quotas": { "users": 1 } })).await.expect(200);
    app.get("/auth/me").token(&admin.token).send().await.expect(200);
    register(22).await.expect_problem(409, "QUOTA_EXCEEDED");
    patch(&app, &admin, &json!({ "quotas": { "users": null } })).await.expect(200);
    register(23).await.expect(201);
    // Another tenant has its own.
    app.create_tenant("acme").await;
    app.person("acme", Role::Member).await;
}

#[tokio::test]
async fn settings_are_for_admins_of_the_tenant_alone() {
    let app = TestApp::start().await;
    let (editor, member) = (app.editor().await, app.member().await);
    for person in [&editor, &member] {
        app.get("/settings").token(&person.token).send().await.expect_problem(403, "FORBIDDEN");
        patch(&app, person, &json!({ "name": "Mine" })).await.expect_problem(403, "FORBIDDEN");
    }
    app.get("/settings").send().await.expect_problem(401, "NOT_SIGNED_IN");
}

#[tokio::test]
async fn a_tenants_own_limits_are_no_higher_than_the_operator_gives() {
    let app = TestApp::start_with(|settings| {
        (settings.rate_tenant_factor, settings.rate_anonymous, settings.rate_sign_in) = (2, 60, 4);
    })
    .await;
    let admin = app.admin().await;
    let greedy = json!({ "rateLimits": { "anonymous": 121, "signedIn": 60_001, "signIn": 9 } });
    let refused = patch(&app, &admin, &greedy).await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.faults(), ["rateLimits.signedIn: out_of_range"], "what nobody may have is told first");
    let greedy = json!({ "rateLimits": { "anonymous": 121, "signIn": 9 } });
    let refused = patch(&app, &admin, &greedy).await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.faults(), ["rateLimits.anonymous: out_of_range", "rateLimits.signIn: out_of_range"]);
    let fair = json!({ "rateLimits": { "anonymous": 120, "signIn": 8 } });
    patch(&app, &admin, &fair).await.expect(200);
    eventually("they hold", async || {
        let policy = app.get("/tags").send().await;
        policy.header("ratelimit-policy").is_some_and(|policy| policy.contains("q=120;"))
    })
    .await;
}
