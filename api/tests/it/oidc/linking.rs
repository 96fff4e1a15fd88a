//! Which account somebody signs in to.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use super::{Browser, app, events_of_people};
use crate::support::{PASSWORD, TestApp, eventually};

async fn register(app: &TestApp, email: &str) -> (String, String) {
    let body = json!({ "email": email, "password": PASSWORD, "name": "Squatter", "tokenDelivery": "body" });
    let made = app.post("/auth/register", &body).send().await.expect(201);
    (made.text("accessToken"), made.text("refreshToken"))
}

async fn verify_email(app: &TestApp, email: &str) {
    use tidemark_commands::{Precondition, execute, scope, step};
    use tidemark_identity::{ExternalIdentity, User, UserCommand};
    let tenant: tidemark_kernel::TenantId = "demo".parse().unwrap();
    let holder = app.operator.personal_claim_holder("demo", "user.email", email).await.unwrap().unwrap();
    let id: tidemark_kernel::UserId = holder.parse().unwrap();
    // Only the event counts here: the password is a row that this append leaves alone.
    let command = UserCommand::SignInByIdentity {
        identity: ExternalIdentity::parse("https://elsewhere.example", "1").unwrap(),
        session: tidemark_kernel::SessionId::default(),
        at: tidemark_kernel::Timestamp::new(chrono::Utc::now()),
    };
    let scope = scope(&tenant, &tidemark_kernel::Actor::System("test"), "test", "Test");
    execute::<User>(&app.operator, &scope, step::<User>(id, Precondition::None, command), |_, _| Vec::new())
        .await
        .unwrap();
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_comes_back_to_it() {
    let (app, fake) = app().await;
    let mut browser = Browser::default();
    let answer = browser.sign_in(&app, &fake).await.expect(303);
    assert_eq!(answer.header("location"), Some("/welcome"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(!answer.position().is_empty());
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["refresh-demo"], "the attempt is over");
    let me = app.get("/auth/me").token(&browser.access_token(&app).await).send().await.expect(200);
    assert_eq!(
        (me.text("email"), me.text("name"), me.text("role")),
        ("ada@example.com".into(), "Ada".into(), "member".into())
    );
    assert_eq!(events_of_people(&app).await, ["UserRegistered", "UserEmailVerified", "UserIdentityLinked"]);
    // There is no password, so none is right.
    let login = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.post("/auth/login", &login).send().await.expect_problem(401, "INVALID_CREDENTIALS");
    // The identity says who it is, whatever the address is by now, verified or not.
    fake.claim(json!({ "email": "king@example.com", "email_verified": false }));
    let mut elsewhere = Browser::default();
    elsewhere.sign_in(&app, &fake).await.expect(303);
    let again = app.get("/auth/me").token(&elsewhere.access_token(&app).await).send().await.expect(200);
    assert_eq!(again.text("id"), me.text("id"));
    assert_eq!(events_of_people(&app).await[3..], ["UserSignedIn"]);
    // What says something about the person is sealed.
    let open = "select count(*) from log.events where payload::text like '%24400320%' or payload::text like '%ada@%'";
    assert_eq!(app.database.count(open).await, 0);
    assert_eq!(app.database.count("select count(*) from log.claims where value like '%24400320%'").await, 0);
}

#[tokio::test]
async fn a_full_house_and_an_open_invitation_are_told_at_once() {
    let (app, fake) = app().await;
    let admin = app.admin().await;
    let started = Instant::now();
    app.patch("/settings", &json!({ "quotas": { "users": 1 } })).token(&admin.token).send().await.expect(200);
    Browser::default().sign_in(&app, &fake).await.expect_problem(409, "QUOTA_EXCEEDED");
    app.patch("/settings", &json!({ "quotas": { "users": 9 } })).token(&admin.token).send().await.expect(200);
    let invitation = json!({ "email": "Ada@example.com", "name": "Ada", "role": "editor" });
    app.post("/users/invite", &invitation).token(&admin.token).send().await.expect(202);
    Browser::default().sign_in(&app, &fake).await.expect_problem(409, "INVITATION_PENDING");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_account_that_somebody_else_may_have_made_loses_its_password_and_sessions() {
    let (app, fake) = app().await;
    let (access, refresh) = register(&app, "Ada@example.com").await;
    let mut browser = Browser::default();
    browser.sign_in(&app, &fake).await.expect(303);
    let me = app.get("/auth/me").token(&browser.access_token(&app).await).send().await.expect(200);
    assert_eq!(me.text("name"), "Squatter");
    eventually("the squatter's token ends", async || app.get("/auth/me").token(&access).send().await.status == 401)
        .await;
    app.post("/auth/refresh", &json!({ "refreshToken": refresh }))
        .send()
        .await
        .expect_problem(401, "REFRESH_TOKEN_INVALID");
    let login = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.post("/auth/login", &login).send().await.expect_problem(401, "INVALID_CREDENTIALS");
    assert_eq!(
        events_of_people(&app).await[1..],
        ["UserPasswordRemoved", "UserSessionsRevoked", "UserEmailVerified", "UserIdentityLinked", "UserSignedIn"]
    );
    assert_eq!(app.database.count("select count(*) from log.secrets where kind = 'password'").await, 0);
}

#[tokio::test]
async fn an_account_whose_address_is_verified_keeps_its_password_and_sessions() {
    let (app, fake) = app().await;
    register(&app, "ada@example.com").await;
    verify_email(&app, "ada@example.com").await;
    let login = json!({ "email": "ada@example.com", "password": PASSWORD });
    let signed_in = app.post("/auth/login", &login).send().await.expect(200).text("accessToken");
    let mut browser = Browser::default();
    browser.sign_in(&app, &fake).await.expect(303);
    assert_eq!(events_of_people(&app).await.last().map(String::as_str), Some("UserSignedIn"));
    app.get("/auth/me").token(&signed_in).send().await.expect(200);
    app.post("/auth/login", &login).send().await.expect(200);
}

#[tokio::test]
async fn an_address_that_the_provider_has_not_verified_leads_nowhere() {
    let (app, fake) = app().await;
    register(&app, "ada@example.com").await;
    for claims in [
        json!({ "email_verified": false }),
        json!({ "email_verified": null }),
        json!({ "email_verified": "false" }),
        json!({ "email_verified": 1 }),
        json!({ "email": null }),
        json!({ "email": "no address" }),
    ] {
        fake.claim(claims.clone());
        let mut browser = Browser::default();
        browser.sign_in(&app, &fake).await.expect_problem(403, "EMAIL_NOT_VERIFIED");
        assert!(!browser.is_signed_in(), "{claims}");
    }
    assert_eq!(events_of_people(&app).await, ["UserRegistered"]);
}

#[tokio::test]
async fn one_person_at_many_doors_gets_one_account() {
    let (app, fake) = app().await;
    let mut browsers = vec![Browser::default(); 8];
    let answers = join_all(browsers.iter_mut().map(|browser| browser.sign_in(&app, &fake))).await;
    for answer in answers {
        answer.expect(303);
    }
    let events = events_of_people(&app).await;
    assert_eq!(events.iter().filter(|name| *name == "UserRegistered").count(), 1, "{events:?}");
    assert_eq!(events.iter().filter(|name| *name == "UserIdentityLinked").count(), 1, "{events:?}");
}

#[tokio::test]
async fn somebody_who_was_deleted_comes_back_as_somebody_new() {
    let (app, fake) = app().await;
    let admin = app.admin().await;
    let mut browser = Browser::default();
    browser.sign_in(&app, &fake).await.expect(303);
    let me = app.get("/auth/me").token(&browser.access_token(&app).await).send().await.expect(200);
    app.delete(&format!("/users/{}", me.text("id"))).token(&admin.token).send().await.expect(204);
    let mut again = Browser::default();
    again.sign_in(&app, &fake).await.expect(303);
    let now = app.get("/auth/me").token(&again.access_token(&app).await).send().await.expect(200);
    assert_ne!(now.text("id"), me.text("id"));
}
