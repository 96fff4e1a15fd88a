//! Which tenant a request belongs to.

use reqwest::Method;
use serde_json::json;
use tidemark_kernel::Role;
use tidemark_tenancy::TenantCommand;

use crate::support::{PASSWORD, TestApp, eventually};

fn nobody() -> serde_json::Value {
    json!({ "email": "nobody@example.com", "password": PASSWORD })
}

#[tokio::test]
async fn a_tenant_is_named_by_header_host_or_default() {
    let app = TestApp::start_with(|settings| settings.base_domain = Some("shop.example".to_owned())).await;
    app.create_tenant("acme").await;
    let acme = app.person("acme", Role::Member).await;
    let ask = || app.get("/auth/me").token(&acme.token);
    ask().tenant("acme").send().await.expect(200);
    ask().header("host", "acme.shop.example").send().await.expect(200);
    ask().header("host", "ACME.Shop.Example:8080").send().await.expect(200);
    ask().header("host", "acme.shop.example").tenant("acme").send().await.expect(200);
    ask().header("host", "acme.shop.example").tenant("demo").send().await.expect_problem(400, "TENANT_CONFLICT");
    ask().header("host", "www.shop.example").tenant("acme").send().await.expect(200);
    // The domain itself, its www and other hosts name none, so the default holds, to which this token does not belong.
    for host in ["shop.example", "www.shop.example", "WWW.shop.example:443", "localhost", "notshop.example"] {
        ask().header("host", host).send().await.expect_problem(401, "TOKEN_TENANT_MISMATCH");
    }
}

#[tokio::test]
async fn an_unknown_or_impossible_tenant_is_not_found() {
    let app = TestApp::start().await;
    for tenant in ["nobody", "Demo", "a", "de/mo", "de mo", "", "d\u{e9}mo", "demo'; drop table log.events"] {
        let answer = app.post("/auth/login", &nobody()).tenant(tenant).send().await;
        answer.expect_problem(404, "TENANT_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_tenant_made_elsewhere_is_served_at_once() {
    let app = TestApp::start().await;
    app.create_tenant("fresh").await;
    app.post("/auth/login", &nobody()).tenant("fresh").send().await.expect_problem(401, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_until_it_is_reinstated() {
    let app = TestApp::start().await;
    let member = app.member().await;
    app.tell_tenant("demo", |_, at| TenantCommand::Suspend { reason: None, at }).await;
    eventually("the suspension arrives", async || app.get("/auth/me").token(&member.token).send().await.status == 403)
        .await;
    app.post("/auth/login", &nobody()).send().await.expect_problem(403, "TENANT_SUSPENDED");
    app.ask(Method::GET, "/health/live").send().await.expect(200);
    app.tell_tenant("demo", |_, at| TenantCommand::Reinstate { at }).await;
    eventually("it is served again", async || app.get("/auth/me").token(&member.token).send().await.status == 200)
        .await;
}

#[tokio::test]
async fn every_process_hears_of_a_suspension_and_of_its_end() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let (beside, _running) = app.beside().await;
    let statuses = async || {
        let mut statuses = Vec::new();
        for base in [&app.base, &beside] {
            statuses.push(app.ask_at(base, Method::GET, "/api/v1/auth/me").token(&member.token).send().await.status);
        }
        statuses
    };
    eventually("both serve", async || statuses().await == [200, 200]).await;
    app.tell_tenant("demo", |_, at| TenantCommand::Suspend { reason: None, at }).await;
    eventually("both refuse", async || statuses().await == [403, 403]).await;
    app.tell_tenant("demo", |_, at| TenantCommand::Reinstate { at }).await;
    eventually("both serve again", async || statuses().await == [200, 200]).await;
}

#[tokio::test]
async fn a_suspension_outlives_a_restart() {
    let app = TestApp::start().await;
    app.tell_tenant("demo", |_, at| TenantCommand::Suspend { reason: None, at }).await;
    let (beside, _running) = app.beside().await;
    let answer = app.ask_at(&beside, Method::POST, "/api/v1/auth/login").json(&nobody()).send().await;
    answer.expect_problem(403, "TENANT_SUSPENDED");
}

#[tokio::test]
async fn nothing_of_another_tenant_is_there() {
    let app = TestApp::start().await;
    app.create_tenant("acme").await;
    let demo = app.admin().await;
    let acme = app.person("acme", Role::Admin).await;
    app.get(&format!("/users/{}", acme.id)).token(&demo.token).send().await.expect_problem(404, "NOT_FOUND");
    app.delete(&format!("/users/{}", acme.id)).token(&demo.token).send().await.expect_problem(404, "NOT_FOUND");
    app.get("/auth/me").token(&acme.token).send().await.expect_problem(401, "TOKEN_TENANT_MISMATCH");
    // The same email is another person there.
    let body = json!({ "email": demo.email, "password": PASSWORD, "name": "Namesake" });
    app.post("/auth/register", &body).tenant("acme").send().await.expect(201);
}
