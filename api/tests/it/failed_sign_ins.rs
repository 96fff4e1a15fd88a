//! Passwords that are guessed: slower and slower, told to the owner, and no way to keep the owner out.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tidemark_identity::Purpose;
use tidemark_runtime::Settings;

use crate::mail_flows::mailed;
use crate::support::{Answer, PASSWORD, Person, RedisServer, TestApp, eventually};

const WRONG: &str = "wrong password";

/// Low limits of what fails, and any address, which a proxy on this machine names.
async fn start(change: impl FnOnce(&mut Settings)) -> TestApp {
    TestApp::start_with(|settings| {
        settings.trusted_proxies = Some("127.0.0.0/8".to_owned());
        change(settings);
    })
    .await
}

async fn sign_in(app: &TestApp, base: &str, address: &str, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    let ask = app.ask_at(base, Method::POST, "/api/v1/auth/login").json(&body);
    ask.header("x-forwarded-for", address).header("x-request-id", "same").send().await
}

/// Without a proxy: where [`TestApp::person`] has signed in.
async fn at_home(app: &TestApp, email: &str, password: &str) -> Answer {
    app.post("/auth/login", &json!({ "email": email, "password": password })).send().await
}

fn refused(answer: Answer, policy: &str) {
    let answer = answer.expect_problem(429, "RATE_LIMITED");
    assert!(answer.text("detail").starts_with(&format!("{policy}: ")), "{}", answer.json);
    assert!(answer.header("retry-after").is_some_and(|wait| wait.parse::<u32>().is_ok_and(|wait| wait > 60)));
}

#[tokio::test]
async fn wrong_passwords_make_the_next_one_wait_and_the_right_one_too() {
    let app = start(|settings| settings.rate_failed_sign_in = 4).await;
    let member = app.member().await;
    for _ in 0..4 {
        sign_in(&app, &app.base, "192.0.2.1", &member.email, WRONG).await.expect_problem(401, "INVALID_CREDENTIALS");
    }
    refused(sign_in(&app, &app.base, "192.0.2.1", &member.email, WRONG).await, "failed-sign-in");
    // Whoever guesses does not even learn which one was right.
    refused(sign_in(&app, &app.base, "192.0.2.1", &member.email, PASSWORD).await, "failed-sign-in");
    sign_in(&app, &app.base, "192.0.2.2", &member.email, PASSWORD).await.expect(200);
    at_home(&app, &member.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_account_that_there_is_not_is_refused_in_the_same_words_and_as_soon() {
    let app = start(|settings| settings.rate_failed_sign_in = 12).await;
    let member = app.member().await;
    let told = async |email: &str| {
        let mut told = Vec::new();
        for _ in 0..14 {
            let answer = sign_in(&app, &app.base, "192.0.2.1", email, WRONG).await;
            told.push((answer.status, answer.body.clone(), answer.header("www-authenticate").map(str::to_owned)));
        }
        told
    };
    assert_eq!(told(&member.email).await, told("nobody@example.com").await);
}

#[tokio::test]
async fn right_passwords_are_never_counted_and_end_what_their_owner_has_mistyped() {
    let app = start(|settings| {
        (settings.rate_failed_sign_in, settings.rate_failed_sign_in_account) = (4, 14);
    })
    .await;
    let member = app.member().await;
    for _ in 0..4 {
        for _ in 0..3 {
            at_home(&app, &member.email, WRONG).await.expect(401);
        }
        for _ in 0..3 {
            at_home(&app, &member.email, PASSWORD).await.expect(200);
        }
    }
}

#[tokio::test]
async fn many_strangers_are_slowed_down_together_and_the_owner_is_at_home() {
    let app = start(|settings| settings.rate_failed_sign_in_account = 6).await;
    let member = app.member().await;
    let mut tried = 0;
    for host in 0..20 {
        let answer = sign_in(&app, &app.base, &format!("192.0.2.{host}"), &member.email, WRONG).await;
        tried += u32::from(answer.status == 401);
    }
    assert_eq!(tried, 6);
    at_home(&app, &member.email, PASSWORD).await.expect(200);
    // Somewhere new the owner is a stranger, until a mail was read there.
    let abroad = "198.51.100.7";
    refused(sign_in(&app, &app.base, abroad, &member.email, PASSWORD).await, "failed-sign-in-account");
    let token = mailed(&app, ("demo", &member.id), Purpose::Reset, &member.email, 60.0).await;
    let body = json!({ "token": token, "password": "another horse battery" });
    app.post("/auth/password/reset", &body).header("x-forwarded-for", abroad).send().await.expect(204);
    sign_in(&app, &app.base, abroad, &member.email, "another horse battery").await.expect(200);
    refused(sign_in(&app, &app.base, "198.51.100.8", &member.email, WRONG).await, "failed-sign-in-account");
}

/// What the owner has mistyped is forgiven with the reset, and so is what a neighbour behind the same address has tried.
#[tokio::test]
async fn a_reset_by_mail_gets_in_whatever_was_tried_from_there() {
    let app = start(|settings| settings.rate_failed_sign_in = 3).await;
    let member = app.member().await;
    for _ in 0..3 {
        at_home(&app, &member.email, WRONG).await.expect(401);
    }
    refused(at_home(&app, &member.email, PASSWORD).await, "failed-sign-in");
    let token = mailed(&app, ("demo", &member.id), Purpose::Reset, &member.email, 60.0).await;
    let body = json!({ "token": token, "password": "another horse battery" });
    app.post("/auth/password/reset", &body).send().await.expect(204);
    at_home(&app, &member.email, "another horse battery").await.expect(200);
}

#[tokio::test]
async fn sign_ins_of_strangers_use_up_no_minute_of_the_owners() {
    let app = start(|settings| settings.rate_sign_in_account = 10).await;
    let member = app.member().await;
    let strangers = (0..40).map(|host| {
        let (app, email) = (&app, &member.email);
        async move { sign_in(app, &app.base, &format!("192.0.2.{host}"), email, WRONG).await }
    });
    let answers = join_all(strangers).await;
    assert!(answers.iter().filter(|answer| answer.status == 401).count() <= 12);
    at_home(&app, &member.email, PASSWORD).await.expect(200);
    app.post("/auth/password/forgot", &json!({ "email": member.email })).send().await.expect(202);
}

/// One password on many accounts, and a list of stolen pairs, look the same from here.
#[tokio::test]
async fn spraying_and_stuffing_end_for_their_address_and_for_nobody_else() {
    let app = start(|settings| settings.rate_failed_sign_in_address = 8).await;
    let member = app.member().await;
    let mut tried = 0;
    for n in 0..30 {
        let (email, password) = (format!("somebody-{n}@example.com"), format!("stolen password {n}"));
        tried += u32::from(at_home(&app, &email, &password).await.status == 401);
    }
    assert_eq!(tried, 8);
    refused(at_home(&app, "somebody-1@example.com", WRONG).await, "failed-sign-in-address");
    // Who has signed in from that address before goes on.
    at_home(&app, &member.email, PASSWORD).await.expect(200);
    sign_in(&app, &app.base, "192.0.2.1", "somebody-1@example.com", WRONG).await.expect(401);
}

#[tokio::test]
async fn a_hundred_at_once_are_not_more_than_one_after_another() {
    let app = start(|settings| settings.rate_failed_sign_in = 5).await;
    let member = app.member().await;
    let answers = join_all((0..100).map(|_| sign_in(&app, &app.base, "192.0.2.1", &member.email, WRONG))).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    // Some may find the hashes crowded, and are given their try back.
    assert!(count(401) <= 5 && count(401) + count(429) + count(503) == 100, "{} {}", count(401), count(429));
    refused(sign_in(&app, &app.base, "192.0.2.1", &member.email, WRONG).await, "failed-sign-in");
}

#[tokio::test]
async fn a_stolen_access_token_guesses_no_password_either() {
    let app = start(|settings| settings.rate_failed_sign_in = 4).await;
    let member = app.member().await;
    let change = json!({ "current": WRONG, "new": "another horse battery" });
    let thief = |ask: crate::support::Ask| ask.token(&member.token).header("x-forwarded-for", "192.0.2.1").send();
    for _ in 0..2 {
        thief(app.put("/auth/password", &change)).await.expect_problem(403, "INVALID_CREDENTIALS");
        let address = json!({ "email": "eve@example.com", "password": WRONG });
        thief(app.post("/auth/email/change", &address)).await.expect_problem(403, "INVALID_CREDENTIALS");
    }
    refused(thief(app.put("/auth/password", &change)).await, "failed-sign-in");
    refused(sign_in(&app, &app.base, "192.0.2.1", &member.email, WRONG).await, "failed-sign-in");
    let change = json!({ "current": PASSWORD, "new": "another horse battery" });
    app.put("/auth/password", &change).token(&member.token).send().await.expect(204);
}

/// However many fail, the log takes nothing of it, and what waits to be told is one row an account.
#[tokio::test]
async fn a_flood_of_failures_is_no_flood_of_events_and_of_rows() {
    let app = start(|_| {}).await;
    let member = app.member().await;
    let head = "select max(position) from log.events";
    let before = app.database.count(head).await;
    let fail = async |member: &Person| {
        for n in 0..25 {
            for email in [&member.email, "nobody@example.com"] {
                sign_in(&app, &app.base, &format!("192.0.2.{n}"), email, WRONG).await.expect(401);
            }
        }
    };
    fail(&member).await;
    let noted = "select count(*) from identity.failed_sign_ins";
    assert_eq!(app.database.count(noted).await, 2, "one of somebody and one of nobody: here nobody knows which");
    fail(&member).await;
    assert_eq!((app.database.count(noted).await, app.database.count(head).await), (2, before));
    let shown = "select count(*) from identity.failed_sign_ins where claim like '%example%'";
    assert_eq!(app.database.count(shown).await, 0);
}

#[tokio::test]
async fn nine_failures_are_nobodys_business() {
    let app = start(|_| {}).await;
    let member = app.member().await;
    for expected in [0, 0, 0, 0, 0, 0, 0, 0, 0, 1] {
        at_home(&app, &member.email, WRONG).await.expect(401);
        assert_eq!(app.database.count("select count(*) from identity.failed_sign_ins").await, expected);
    }
}

#[tokio::test]
async fn whoever_is_erased_was_nowhere() {
    let app = start(|_| {}).await;
    let (admin, member) = (app.admin().await, app.member().await);
    let known = format!("select count(*) from identity.familiar_networks where subject = '{}'", member.id);
    for host in 0..25 {
        sign_in(&app, &app.base, &format!("192.0.2.{host}"), &member.email, PASSWORD).await.expect(200);
    }
    assert_eq!(app.database.count(&known).await, 20, "the last one among them");
    app.delete(&format!("/users/{}?erase=true", member.id)).token(&admin.token).send().await.expect(200);
    assert_eq!(app.database.count(&known).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_count_failures_together_in_redis() {
    let Some(redis) = RedisServer::start().await else { return };
    let app = start(|settings| {
        settings.rate_failed_sign_in = 6;
        settings.redis_url = Some(redis.url());
    })
    .await;
    let (beside, _running) = app.beside().await;
    let bases = [app.base.as_str(), beside.as_str()];
    // On a busy machine an answer of Redis may be late now and then, and then a process counts alone, as it should.
    let round = std::cell::Cell::new(0);
    eventually("they count together, and give back together", async || {
        round.set(round.get() + 1);
        let email = format!("{}@example.com", round.get());
        let account = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
        let registered = app.post("/auth/register", &account).header("x-forwarded-for", "192.0.2.9").send().await;
        assert!(matches!(registered.status, 201 | 503), "{}", registered.status);
        let mut tried = 0;
        for n in 0..14 {
            let password = if n == 3 { PASSWORD } else { WRONG };
            let answer = sign_in(&app, bases[n % 2], "192.0.2.1", &email, password).await;
            tried += u32::from(answer.status == 401);
        }
        // Three, then the right one, which forgives them, then six.
        tried == 9
    })
    .await;
}
