//! Read models in a database of their own, over HTTP: what one writes one reads, and either database can go away.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Executor;
use tidemark_commands::{Precondition, Transaction, scope, step, transact};
use tidemark_engine::deletion::{self, Beginning, Deletion, Step};
use tidemark_kernel::{Actor, TenantId};
use tidemark_tenancy::{Tenant, TenantCommand};

use crate::support::{Answer, PASSWORD, Person, TestApp, TestDatabase, eventually, now, soon};

async fn start() -> TestApp {
    let app = TestApp::start_on(TestDatabase::split().await, |_| {}).await;
    app.ready().await;
    app.create_tenant("demo").await;
    app
}

fn tides(n: usize) -> Value {
    json!({ "title": format!("Tides {n}"), "content": "They come.", "category": "tech", "published": true })
}

async fn write(app: &TestApp, by: &Person, n: usize) -> Answer {
    app.post("/posts", &tides(n)).token(&by.token).send().await.expect(201)
}

/// The number of posts that a query after `answer` finds.
async fn read_after(app: &TestApp, answer: &Answer) -> Value {
    let asked = app.get("/posts").header("tidemark-after", answer.position());
    asked.send().await.expect(200).json["pagination"]["total"].clone()
}

async fn health(app: &TestApp) -> Answer {
    app.ask(Method::GET, "/health/ready").send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_read_and_who_is_erased_is_found_in_neither() {
    let app = start().await;
    let (admin, editor) = (app.admin().await, app.editor().await);
    let mut last = write(&app, &editor, 0).await;
    for n in 1..5 {
        last = write(&app, &editor, n).await;
    }
    assert_eq!(read_after(&app, &last).await, 5);
    // Each half lies where it belongs, and nowhere else.
    let posts = "select count(*) from log.events where event_type = 'PostCreated'";
    assert_eq!((app.database.count(posts).await, app.database.read().count(posts).await), (5, 0));
    let tables = "select count(*) from pg_tables where schemaname = 'read' and tablename = 'content_posts'";
    assert_eq!((app.database.count(tables).await, app.database.read().count(tables).await), (0, 1));
    health(&app).await.expect(200);

    let name = json!({ "name": "Zyxwvida Wonder" });
    let renamed = app.patch(&format!("/users/{}", editor.id), &name).token(&editor.token).send().await.expect(200);
    let seen = app.get("/users?search=zyxwvida").token(&admin.token).header("tidemark-after", renamed.position());
    assert_eq!(seen.send().await.expect(200).json["pagination"]["total"], 1);
    let known = "select count(*) from read.identity_users where name = 'Zyxwvida Wonder'";
    assert_eq!(app.database.read().count(known).await, 1);
    let erased = app.delete(&format!("/users/{}?erase=true", editor.id)).token(&admin.token).send().await.expect(200);
    let seen = app.get("/users?search=zyxwvida").token(&admin.token).header("tidemark-after", erased.position());
    assert_eq!(seen.send().await.expect(200).json["pagination"]["total"], 0);
    assert_eq!(app.database.read().count(known).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_go_on_while_the_read_models_are_away_and_these_catch_up() {
    let app = start().await;
    let editor = app.editor().await;
    let first = write(&app, &editor, 0).await;
    assert_eq!(read_after(&app, &first).await, 1);

    app.database.read().shut().await;
    let refused = app.get("/posts?category=tech").send().await.expect_problem(503, "UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let last = write(&app, &editor, 1).await;
    let waiting = app.get("/posts?category=tech").header("tidemark-after", last.position()).send().await;
    waiting.expect_problem(503, "UNAVAILABLE");
    // Somebody signs in, too.
    app.sign_in("demo", &editor.email, PASSWORD).await;
    eventually("it is told", async || {
        let told = health(&app).await.expect(200);
        told.json["status"] == "degraded" && told.json["reasons"].to_string().contains("database of the read models")
    })
    .await;

    app.database.read().open().await;
    eventually("it has caught up", async || {
        let asked = app.get("/posts?category=tech").header("tidemark-after", last.position()).send().await;
        asked.status == 200 && asked.json["pagination"]["total"] == 2
    })
    .await;
    eventually("all is well", async || health(&app).await.json["status"] == "ready").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_go_on_while_the_log_is_away() {
    let app = start().await;
    let editor = app.editor().await;
    let last = write(&app, &editor, 0).await;
    assert_eq!(read_after(&app, &last).await, 1);

    app.database.shut().await;
    for n in 0..3 {
        let found = app.get(&format!("/posts?category=tech&limit={}", n + 1)).token(&editor.token).send().await;
        assert_eq!(found.expect(200).json["pagination"]["total"], 1);
    }
    let refused = app.post("/posts", &tides(1)).token(&editor.token).send().await;
    assert!([503, 504].contains(&refused.status), "{}", refused.status);
    eventually("it is told", async || {
        let told = health(&app).await;
        told.status == 503 && told.json["detail"].to_string().contains("database of the log")
    })
    .await;

    app.database.open().await;
    app.ready().await;
    let last = write(&app, &editor, 2).await;
    eventually("what is written is read", async || {
        let found = app.get("/posts?category=tech").header("tidemark-after", last.position()).send().await;
        found.status == 200 && found.json["pagination"]["total"].as_i64() >= Some(2)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_tenant_leaves_nothing_in_the_read_models() {
    let app = start().await;
    let editor = app.editor().await;
    let last = write(&app, &editor, 0).await;
    assert_eq!(read_after(&app, &last).await, 1);
    let tenant: TenantId = "demo".parse().unwrap();
    app.tell_tenant("demo", |_, at| TenantCommand::ScheduleDeletion { due_at: at, at }).await;
    let beginning = Beginning { kept: "TenantDeleted", through: None, asked_by: "a test" };
    let delete = step::<Tenant>(&tenant, Precondition::Exists, TenantCommand::Delete { at: now() });
    let transaction = Transaction::default().with(delete).with_row_change(deletion::begin(beginning));
    let scope = scope(&tenant, &Actor::System("test"), "test", "DeleteTenant");
    transact(&app.operator, &scope, transaction, |_| Vec::new()).await.unwrap();
    // Nobody reacts in these tests.
    app.database.owner.execute("update work.policies set position = 1000000").await.unwrap();

    let mut deletion = Deletion::resume(app.database.owners(), "demo").await.unwrap().unwrap().in_batches_of(1);
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
    let receipt = deletion::find(&app.database.owner, "demo").await.unwrap().unwrap();
    assert_eq!((receipt.counts["read.content_posts"], receipt.counts["read.identity_users"]), (1, 1), "{receipt:?}");
    for table in ["content_posts", "identity_users", "tenancy_settings"] {
        let left = format!("select count(*) from read.{table} where tenant_id = 'demo'");
        assert_eq!(app.database.read().count(&left).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_not_told_where_the_read_models_are_says_so_and_folds_nothing() {
    let app = TestApp::start_on(TestDatabase::split().await, |settings| settings.read_database_url = None).await;
    app.ready().await;
    app.create_tenant("demo").await;
    let told = health(&app).await.expect(200);
    assert_eq!(told.json["status"], "degraded");
    assert!(told.json["reasons"].to_string().contains("have moved to a database of their own"), "{}", told.json);
    assert_eq!(app.database.count("select count(*) from read.leases").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_of_another_installation_are_shown_to_nobody() {
    let other = start().await;
    let theirs = write(&other, &other.editor().await, 0).await;
    assert_eq!(read_after(&other, &theirs).await, 1);
    let app = TestApp::start_on(TestDatabase::split().await, |settings| {
        settings.read_database_url = Some(other.database.read().url.clone().into());
    })
    .await;
    app.ready().await;
    app.create_tenant("demo").await;
    let refused = app.get("/posts").send().await.expect_problem(503, "UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let told = health(&app).await.expect(200);
    assert!(told.json["reasons"].to_string().contains("database of the read models"), "{}", told.json);
    // Nothing is folded into them either.
    let settings = "select count(*) from read.tenancy_tenants";
    assert_eq!(other.database.read().count(settings).await, 1);
    assert_eq!(read_after(&other, &theirs).await, 1);
}
