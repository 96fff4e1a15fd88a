//! A deleted tenant, as its people and everybody else meet it: it never was.

use reqwest::Method;
use serde_json::json;
use tidemark_commands::{Precondition, Transaction, scope, step, transact};
use tidemark_engine::deletion::{self, Beginning, Deletion, Step};
use tidemark_kernel::{Actor, TenantId};
use tidemark_tenancy::{Tenant, TenantCommand};

use crate::support::{PASSWORD, TestApp, eventually, now, soon};

/// What `admin tenants delete --now` appends.
async fn begin(app: &TestApp) {
    let tenant: TenantId = "demo".parse().unwrap();
    let beginning = Beginning { kept: "TenantDeleted", through: None, asked_by: "a test" };
    let delete = step::<Tenant>(&tenant, Precondition::Exists, TenantCommand::Delete { at: now() });
    let transaction = Transaction::default().with(delete).with_row_change(deletion::begin(beginning));
    let scope = scope(&tenant, &Actor::System("test"), "test", "DeleteTenant");
    transact(&app.operator, &scope, transaction, |_| Vec::new()).await.unwrap();
}

async fn carry_through(app: &TestApp) {
    // Nobody reacts in these tests.
    sqlx::query("update work.policies set position = 1000000").execute(&app.database.owner).await.unwrap();
    let mut deletion = Deletion::resume(app.database.owner.clone(), "demo").await.unwrap().unwrap();
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    soon("all of it is gone", async {
        loop {
            match deletion.step().await.unwrap() {
                Step::Finished => return,
                Step::Waits(_) => drop(ticks.tick().await),
                Step::WentOn | Step::Removed { .. } => {}
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_tenant_is_to_everybody_as_one_that_never_was() {
    let app = TestApp::start().await;
    app.create_tenant("acme").await;
    let neighbour = app.person("acme", tidemark_kernel::Role::Member).await;
    let (admin, member) = (app.admin().await, app.member().await);
    let (beside, _running) = app.beside().await;
    let post = json!({ "title": "Tides", "content": "They come.", "category": "tech", "published": true });
    let post = app.post("/posts", &post).token(&admin.token).send().await.expect(201);
    let path = format!("/api/v1/posts/{}", post.text("id"));
    for base in [&app.base, &beside] {
        // Both have it in their caches.
        app.ask_at(base, Method::GET, &path).header("tidemark-after", post.position()).send().await.expect(200);
    }

    app.tell_tenant("demo", |_, at| TenantCommand::ScheduleDeletion { due_at: at, at }).await;
    let statuses = async |status: u16| {
        let mut all = true;
        for base in [&app.base, &beside] {
            all &= app.ask_at(base, Method::GET, &path).send().await.status == status;
        }
        all
    };
    eventually("both refuse it", async || statuses(403).await).await;
    app.get("/auth/me").token(&member.token).send().await.expect_problem(403, "TENANT_SUSPENDED");
    begin(&app).await;
    eventually("both do not know it", async || statuses(404).await).await;
    carry_through(&app).await;

    let login = json!({ "email": admin.email, "password": PASSWORD });
    for base in [&app.base, &beside] {
        let never = app.ask_at(base, Method::POST, "/api/v1/auth/login").json(&login).tenant("neverwas").send().await;
        let never = never.expect_problem(404, "TENANT_NOT_FOUND");
        for (method, path) in
            [(Method::GET, path.as_str()), (Method::GET, "/api/v1/auth/me"), (Method::GET, "/api/v1/users")]
        {
            let asked = app.ask_at(base, method, path).token(&admin.token).send().await;
            let gone = asked.expect_problem(404, "TENANT_NOT_FOUND");
            assert_eq!((&gone.json["title"], &gone.json["detail"]), (&never.json["title"], &never.json["detail"]));
        }
        let gone = app.ask_at(base, Method::POST, "/api/v1/auth/login").json(&login).tenant("demo").send().await;
        gone.expect_problem(404, "TENANT_NOT_FOUND");
        // Whose token it is does not matter: a neighbour learns nothing either, and goes on at home.
        let neighbour = |tenant: &str| {
            app.ask_at(base, Method::GET, "/api/v1/auth/me").tenant(tenant).token(&neighbour.token).send()
        };
        neighbour("demo").await.expect_problem(404, "TENANT_NOT_FOUND");
        neighbour("acme").await.expect(200);
    }
    for table in
        ["identity.sessions", "read.identity_users", "read.content_posts", "read.tenancy_tenants", "log.secrets"]
    {
        let left = format!("select count(*) from {table} where tenant_id = 'demo'");
        assert_eq!(app.database.count(&left).await, 0, "{table}");
        if table != "read.content_posts" {
            let kept = format!("select count(*) from {table} where tenant_id = 'acme'");
            assert_eq!(app.database.count(&kept).await, 1, "{table}");
        }
    }
    // A process that starts now knows no more.
    let (fresh, _running) = app.beside().await;
    app.ask_at(&fresh, Method::GET, &path).send().await.expect_problem(404, "TENANT_NOT_FOUND");
}

/// Commands that were decided before and come to the log after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_when_a_tenant_is_deleted_is_refused_or_gone_with_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.tell_tenant("demo", |_, at| TenantCommand::ScheduleDeletion { due_at: at, at }).await;
    app.tell_tenant("demo", |_, at| TenantCommand::CallOffDeletion { at }).await;
    app.tell_tenant("demo", |_, at| TenantCommand::Reinstate { at }).await;
    eventually("it is served", async || app.get("/auth/me").token(&admin.token).send().await.status == 200).await;
    // The edge never hears of the suspension before the end comes: both are in one commit's distance.
    let write = async |n: usize| {
        let post = json!({ "title": format!("Tides {n}"), "content": "They come.", "category": "tech" });
        app.post("/posts", &post).token(&admin.token).send().await.status
    };
    let (written, ()) = tokio::join!(
        async {
            let mut statuses = Vec::new();
            for n in 0..200 {
                let status = write(n).await;
                statuses.push(status);
                if status == 404 {
                    break;
                }
            }
            statuses
        },
        async {
            app.tell_tenant("demo", |_, at| TenantCommand::ScheduleDeletion { due_at: at, at }).await;
            begin(&app).await;
        }
    );
    assert_eq!(written.last(), Some(&404), "{written:?}");
    assert!(written.iter().all(|status| [201, 403, 404].contains(status)), "{written:?}");
    carry_through(&app).await;
    let left = "select count(*) from log.events where tenant_id = 'demo' and aggregate_type <> 'deleted'";
    assert_eq!(app.database.count(left).await, 1);
    for table in ["read.content_posts", "log.claims", "log.idempotency_keys"] {
        assert_eq!(
            app.database.count(&format!("select count(*) from {table} where tenant_id = 'demo'")).await,
            0,
            "{table}"
        );
    }
}
