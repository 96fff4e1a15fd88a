//! Accounts as admins run them.

use serde_json::json;
use tidemark_kernel::Role;

use crate::support::{PASSWORD, Person, TestApp, eventually};

async fn new_user(app: &TestApp, admin: &Person, email: &str, name: &str) -> crate::support::Answer {
    let body = json!({ "email": email, "password": PASSWORD, "name": name, "role": "editor" });
    app.post("/users", &body).token(&admin.token).send().await.expect(201)
}

#[tokio::test]
async fn an_admin_makes_finds_changes_and_deletes_people() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let made = new_user(&app, &admin, "grace@example.com", "Grace").await;
    let path = format!("/users/{}", made.text("id"));
    assert_eq!(made.header("location"), Some(&*format!("/api/v1{path}")));
    assert_eq!(made.json["role"], "editor");
    let seen = app.get(&path).token(&admin.token).header("tidemark-after", made.position()).send().await.expect(200);
    assert_eq!(seen.json, made.json);

    let edited =
        app.patch(&path, &json!({ "email": "hopper@example.com" })).token(&admin.token).send().await.expect(200);
    assert_eq!((edited.text("email"), edited.json["version"].as_i64()), ("hopper@example.com".to_owned(), Some(2)));
    app.sign_in("demo", "hopper@example.com", PASSWORD).await;
    let listed = app.get("/users?search=HOPPER&role=editor&sortBy=name&order=asc").token(&admin.token);
    let listed = listed.header("tidemark-after", edited.position()).send().await.expect(200);
    assert_eq!(listed.json["data"][0]["id"], made.json["id"]);
    assert_eq!(listed.json["pagination"]["total"], 1);

    let deleted = app.delete(&path).token(&admin.token).send().await.expect(204);
    app.get(&path)
        .token(&admin.token)
        .header("tidemark-after", deleted.position())
        .send()
        .await
        .expect_problem(404, "NOT_FOUND");
    app.delete(&path).token(&admin.token).send().await.expect_problem(404, "NOT_FOUND");
    app.post("/auth/login", &json!({ "email": "hopper@example.com", "password": PASSWORD })).send().await.expect(401);
    // The address is free again, and no hash of the former owner is left.
    new_user(&app, &admin, "hopper@example.com", "Another").await;
    let hashes = "select count(*) from log.secrets where kind = 'password'";
    assert_eq!(app.database.count(hashes).await, 2);
}

#[tokio::test]
async fn others_are_refused_whether_the_person_exists_or_not() {
    let app = TestApp::start().await;
    let (admin, member) = (app.admin().await, app.member().await);
    let nobody = "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b";
    for id in [&*admin.id, nobody, "no-id"] {
        let path = format!("/users/{id}");
        app.get(&path).token(&member.token).send().await.expect_problem(403, "FORBIDDEN");
        app.patch(&path, &json!({})).token(&member.token).send().await.expect_problem(403, "FORBIDDEN");
        app.delete(&path).token(&member.token).send().await.expect_problem(403, "FORBIDDEN");
        app.put(&format!("{path}/role"), &json!({ "role": "admin" }))
            .token(&member.token)
            .send()
            .await
            .expect_problem(403, "FORBIDDEN");
        app.get(&path).send().await.expect_problem(401, "NOT_SIGNED_IN");
    }
    app.get("/users").token(&member.token).send().await.expect_problem(403, "FORBIDDEN");
    app.get(&format!("/users/{nobody}")).token(&admin.token).send().await.expect_problem(404, "NOT_FOUND");
    app.get("/users/no-id").token(&admin.token).send().await.expect_problem(404, "NOT_FOUND");
    app.patch(&format!("/users/{nobody}"), &json!({ "name": "A" }))
        .token(&admin.token)
        .send()
        .await
        .expect_problem(404, "NOT_FOUND");

    let own = format!("/users/{}", member.id);
    app.get(&own).token(&member.token).send().await.expect(200);
    app.patch(&own, &json!({ "name": "Myself" })).token(&member.token).send().await.expect(200);
    app.patch(&own, &json!({ "email": "me@example.com" }))
        .token(&member.token)
        .send()
        .await
        .expect_problem(403, "FORBIDDEN");
    app.delete(&own).token(&member.token).send().await.expect_problem(403, "FORBIDDEN");
}

#[tokio::test]
async fn the_last_admin_stays() {
    let app = TestApp::start().await;
    let first = app.admin().await;
    let own = format!("/users/{}", first.id);
    app.delete(&own).token(&first.token).send().await.expect_problem(409, "LAST_ADMIN");
    let demotion = json!({ "role": "member" });
    app.put(&format!("{own}/role"), &demotion).token(&first.token).send().await.expect_problem(409, "LAST_ADMIN");
    let second = app.admin().await;
    app.put(&format!("{own}/role"), &demotion).token(&second.token).send().await.expect(200);
    app.delete(&format!("/users/{}", second.id)).token(&second.token).send().await.expect_problem(409, "LAST_ADMIN");
}

#[tokio::test]
async fn two_admins_cannot_demote_each_other_at_once() {
    let app = TestApp::start().await;
    let (a, b) = (app.admin().await, app.admin().await);
    let demote = async |by: &Person, whom: &Person| {
        app.put(&format!("/users/{}/role", whom.id), &json!({ "role": "member" })).token(&by.token).send().await.status
    };
    let (one, other) = tokio::join!(demote(&a, &b), demote(&b, &a));
    assert!((one == 200) != (other == 200), "{one} and {other}");
    assert_eq!(app.database.count("select count(*) from log.claims where scope = 'user.admin'").await, 1);
}

#[tokio::test]
async fn two_admins_cannot_delete_each_other_at_once_and_no_two_last_ones_leave_together() {
    let app = TestApp::start().await;
    let (a, b) = (app.admin().await, app.admin().await);
    let delete = async |by: &Person, whom: &Person| {
        app.delete(&format!("/users/{}", whom.id)).token(&by.token).send().await.status
    };
    let (one, other) = tokio::join!(delete(&a, &b), delete(&b, &a));
    assert!((one == 204) != (other == 204), "{one} and {other}");
    let (left, c) = (if one == 204 { a } else { b }, app.admin().await);
    let (one, other) = tokio::join!(delete(&left, &left), delete(&c, &c));
    assert!((one == 204) != (other == 204), "{one} and {other}");
    assert_eq!(app.database.count("select count(*) from log.claims where scope = 'user.admin'").await, 1);
}

#[tokio::test]
async fn a_new_role_and_a_deletion_end_tokens_on_every_process() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let editor = app.person("demo", Role::Editor).await;
    let (beside, _running) = app.beside().await;
    app.put(&format!("/users/{}/role", editor.id), &json!({ "role": "member" }))
        .token(&admin.token)
        .send()
        .await
        .expect(200);
    for base in [&app.base, &beside] {
        eventually("the old role ends", async || {
            app.ask_at(base, reqwest::Method::GET, "/api/v1/auth/me").token(&editor.token).send().await.status == 401
        })
        .await;
    }
    app.get("/auth/me").token(&editor.token).send().await.expect_problem(401, "TOKEN_REVOKED");
    let again = app.sign_in("demo", &editor.email, PASSWORD).await;
    assert_eq!(app.get("/auth/me").token(&again).send().await.expect(200).json["role"], "member");
    app.delete(&format!("/users/{}", editor.id)).token(&admin.token).send().await.expect(204);
    eventually("the deletion arrives", async || app.get("/auth/me").token(&again).send().await.status == 401).await;
    // A process that starts later knows it too.
    let (late, _running) = app.beside().await;
    app.ask_at(&late, reqwest::Method::GET, "/api/v1/auth/me")
        .token(&again)
        .send()
        .await
        .expect_problem(401, "TOKEN_REVOKED");
}
