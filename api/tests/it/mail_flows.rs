//! What the tokens of mails are good for, and what they are not. The mails themselves are the workers' affair: here a token is
//! kept as a worker keeps it before its mail is sent.

use serde_json::json;
use sqlx::PgPool;
use tidemark_identity::{MailToken, Purpose};
use tidemark_kernel::{Role, UserId};
use uuid::Uuid;

use crate::support::{PASSWORD, Person, TestApp};

const NEW: &str = "another horse battery";

/// The token of a mail that is sent to `address` now, good for so many seconds.
pub(crate) async fn mailed(
    app: &TestApp,
    (tenant, user): (&str, &str),
    purpose: Purpose,
    address: &str,
    seconds: f64,
) -> String {
    let pool = PgPool::connect(&app.database.url).await.unwrap();
    let user: UserId = user.parse().unwrap();
    let (mail, nonce) = (Uuid::now_v7(), [3; 16]);
    let key = app.settings.derive_key(MailToken::KEY_PURPOSE);
    let token = MailToken::of_mail(&key, mail, &nonce, purpose, user);
    let outcome: String = sqlx::query_scalar(
        "select outcome from identity.keep_mail_token($1, $2, $3, $4, clock_timestamp(), $5, $6, $7)",
    )
    .bind(tenant)
    .bind(user.to_string())
    .bind(purpose.as_str())
    .bind(mail)
    .bind(nonce)
    .bind(token.hash(tenant, &address.parse().unwrap()))
    .bind(seconds)
    .fetch_one(&pool)
    .await
    .unwrap();
    pool.close().await;
    assert_eq!(outcome, "sent");
    token.expose()
}

async fn reset_mail(app: &TestApp, person: &Person) -> String {
    mailed(app, ("demo", &person.id), Purpose::Reset, &person.email, 60.0).await
}

#[tokio::test]
async fn a_reset_sets_the_password_once_and_ends_all_sessions() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let token = reset_mail(&app, &member).await;
    let body = json!({ "token": token, "password": NEW });
    let reset = app.post("/auth/password/reset", &body).send().await.expect(204);
    assert!(!reset.position().is_empty());
    app.post("/auth/password/reset", &body).send().await.expect_problem(400, "TOKEN_INVALID");
    let old = json!({ "email": member.email, "password": PASSWORD });
    app.post("/auth/login", &old).send().await.expect_problem(401, "INVALID_CREDENTIALS");
    app.sign_in("demo", &member.email, NEW).await;
    crate::support::eventually("the former session has ended", async || {
        app.get("/auth/me").token(&member.token).send().await.status == 401
    })
    .await;
}

#[tokio::test]
async fn a_token_is_good_for_its_person_tenant_purpose_and_time_alone() {
    let app = TestApp::start().await;
    app.create_tenant("other").await;
    let (member, stranger) = (app.member().await, app.person("other", Role::Member).await);
    let older = reset_mail(&app, &member).await;
    let newer = reset_mail(&app, &member).await;
    let verify = mailed(&app, ("demo", &member.id), Purpose::Verify, &member.email, 60.0).await;
    let elsewhere = mailed(&app, ("other", &stranger.id), Purpose::Reset, &stranger.email, 60.0).await;
    let editor = app.editor().await;
    let expired = mailed(&app, ("demo", &editor.id), Purpose::Reset, &editor.email, -1.0).await;
    let guessed = MailToken::of_mail(&[0; 32], Uuid::now_v7(), &[0; 16], Purpose::Reset, member.id.parse().unwrap());
    for token in [&older, &verify, &elsewhere, &expired, &guessed.expose(), "", "guess", &"x".repeat(100_000)] {
        let body = json!({ "token": token, "password": NEW });
        app.post("/auth/password/reset", &body).send().await.expect_problem(400, "TOKEN_INVALID");
    }
    app.post("/auth/password/reset", &json!({ "token": newer, "password": NEW })).send().await.expect(204);
}

#[tokio::test]
async fn what_is_told_of_a_forgotten_password_is_the_same_for_everybody() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let mut told = Vec::new();
    for email in [member.email.as_str(), "nobody@example.com"] {
        let answer = app.post("/auth/password/forgot", &json!({ "email": email })).send().await.expect(202);
        told.push((answer.body.clone(), answer.position().to_owned()));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn an_address_changes_when_its_mail_is_answered() {
    let app = TestApp::start().await;
    let (member, other) = (app.member().await, app.editor().await);
    let ask = async |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        app.post("/auth/email/change", &body).token(&member.token).send().await
    };
    ask("new@example.com", "wrong password").await.expect_problem(403, "INVALID_CREDENTIALS");
    ask(&other.email, PASSWORD).await.expect(202);
    let taken = mailed(&app, ("demo", &member.id), Purpose::ChangeEmail, &other.email, 60.0).await;
    let verify = async |token: &str| app.post("/auth/email/verify", &json!({ "token": token })).send().await;
    verify(&taken).await.expect_problem(409, "EMAIL_CONFLICT");
    ask("New@example.com", PASSWORD).await.expect(202);
    verify(&taken).await.expect_problem(400, "TOKEN_INVALID");
    app.sign_in("demo", &member.email, PASSWORD).await;
    let token = mailed(&app, ("demo", &member.id), Purpose::ChangeEmail, "new@example.com", 60.0).await;
    let changed = verify(&token).await.expect(204);
    verify(&token).await.expect_problem(400, "TOKEN_INVALID");
    let me =
        app.get("/auth/me").token(&member.token).header("tidemark-after", changed.position()).send().await.expect(200);
    assert_eq!((me.text("email"), &me.json["emailVerified"]), ("New@example.com".to_owned(), &json!(true)));
}

#[tokio::test]
async fn an_invited_admin_who_was_demoted_is_what_they_are_now_and_a_deleted_one_nobody() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let invite = async |email: &str| {
        let body = json!({ "email": email, "name": "Grace", "role": "admin" });
        app.post("/users/invite", &body).token(&admin.token).send().await.expect(202)
    };
    let grace = invite("grace@example.com").await;
    assert_eq!(grace.json["invited"], json!(true));
    let id = grace.text("id");
    let token = mailed(&app, ("demo", &id), Purpose::Invite, "grace@example.com", 60.0).await;
    let demote = json!({ "role": "member" });
    app.put(&format!("/users/{id}/role"), &demote).token(&admin.token).send().await.expect(200);
    let more = json!({ "token": token, "password": NEW, "role": "admin", "tenant": "other", "version": 1 });
    app.post("/auth/invite/accept", &more).send().await.expect_problem(400, "VALIDATION_FAILED");
    let body = json!({ "token": token, "password": NEW });
    let joined = app.post("/auth/invite/accept", &body).send().await.expect(200);
    assert_eq!(
        (joined.json["user"]["role"].as_str(), joined.json["user"]["invited"].as_bool()),
        (Some("member"), Some(false))
    );
    app.post("/auth/invite/accept", &body).send().await.expect_problem(400, "TOKEN_INVALID");
    app.sign_in("demo", "grace@example.com", NEW).await;

    let bo = invite("bo@example.com").await.text("id");
    let token = mailed(&app, ("demo", &bo), Purpose::Invite, "bo@example.com", 60.0).await;
    app.delete(&format!("/users/{bo}")).token(&admin.token).send().await.expect(204);
    let body = json!({ "token": token, "password": NEW });
    app.post("/auth/invite/accept", &body).send().await.expect_problem(400, "TOKEN_INVALID");
}

#[tokio::test]
async fn an_invitation_to_be_an_admin_ends_with_the_role_of_whoever_has_sent_it() {
    let app = TestApp::start().await;
    let (rogue, honest) = (app.admin().await, app.admin().await);
    let invite = async |by: &Person, role: &str| {
        let body = json!({ "email": format!("{role}@example.com"), "name": "Grace", "role": role });
        app.post("/users/invite", &body).token(&by.token).send().await.expect(202).text("id")
    };
    let accept = async |id: &str, role: &str| {
        let token = mailed(&app, ("demo", id), Purpose::Invite, &format!("{role}@example.com"), 60.0).await;
        app.post("/auth/invite/accept", &json!({ "token": token, "password": NEW })).send().await
    };
    let ids = [invite(&rogue, "admin").await, invite(&rogue, "editor").await, invite(&rogue, "member").await];
    let demoted = json!({ "role": "member" });
    app.put(&format!("/users/{}/role", rogue.id), &demoted).token(&honest.token).send().await.expect(200);
    accept(&ids[0], "admin").await.expect_problem(400, "TOKEN_INVALID");
    accept(&ids[1], "editor").await.expect_problem(400, "TOKEN_INVALID");
    accept(&ids[2], "member").await.expect(200);
    assert_eq!(invite(&honest, "admin").await, ids[0]);
    let joined = accept(&ids[0], "admin").await.expect(200);
    assert_eq!(joined.json["user"]["role"], "admin");
    // Whoever has left answers for nobody either.
    app.delete(&format!("/users/{}", honest.id)).token(&joined.text("accessToken")).send().await.expect(204);
    accept(&ids[1], "editor").await.expect_problem(400, "TOKEN_INVALID");
}

#[tokio::test]
async fn a_password_of_any_length_is_refused_before_it_costs_a_hash() {
    let app = TestApp::start().await;
    for length in [10_000, 1 << 20] {
        let body = json!({ "token": "guess", "password": "x".repeat(length) });
        for path in ["/auth/password/reset", "/auth/invite/accept"] {
            let refused = app.post(path, &body).send().await.expect_problem(400, "VALIDATION_FAILED");
            assert_eq!(refused.faults(), ["password: too_long"]);
        }
    }
}

#[tokio::test]
async fn a_full_house_takes_no_new_guests_and_asks_those_it_has_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let invite = |email: &str| {
        let body = json!({ "email": email, "name": "Grace", "role": "member" });
        app.post("/users/invite", &body).token(&admin.token).send()
    };
    invite("grace@example.com").await.expect(202);
    let quota = json!({ "quotas": { "users": 2 } });
    app.patch("/settings", &quota).token(&admin.token).send().await.expect(200);
    invite("bo@example.com").await.expect_problem(409, "QUOTA_EXCEEDED");
    invite("grace@example.com").await.expect(202);
}
