//! Read models in a database of their own, as an operator meets them.

use serde_json::Value;
use tidemark_engine::deletion;
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

use crate::support::{Database, PASSWORD, SECRET};

/// The tenant `acme` with three people, folded.
async fn folded() -> Database {
    let database = Database::split().await;
    database.admin(&["migrate"]).done();
    fill(&database).await;
    database
}

async fn fill(database: &Database) {
    database.create_acme();
    for name in ["bo", "cy"] {
        user(database, name);
    }
    database.fold().await;
}

fn user(database: &Database, name: &str) {
    let email = format!("{name}@acme.example");
    let new = ["users", "create", "--tenant", "acme", "--email", &email, "--name", name, "--password", PASSWORD];
    database.admin(&new).done();
}

fn read(database: &Database) -> &Database {
    database.read.as_deref().unwrap()
}

const PEOPLE: &str = "select count(*) from read.identity_users";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_brings_both_to_this_version_and_once() {
    let database = Database::split().await;
    database.admin(&["projections", "status"]).failed(1, "");
    let done = database.admin(&["migrate"]).done();
    assert!(done.contains("ran migration 1 engine log\n"), "{done}");
    assert!(done.contains("ran migration 1 engine log in the read models' database"), "{done}");
    assert!(database.admin(&["migrate"]).done().starts_with("nothing to do"));
    let installed = "select count(*) from read.checkpoints";
    assert_eq!((database.count(installed).await, read(&database).count(installed).await), (0, 5));
    assert_eq!(read(&database).count("select count(*) from work.policies").await, 0);

    // Equal URLs are one database.
    let one = Database::empty().await;
    let variables = [("TIDEMARK_READ_DATABASE_URL", one.url.as_str())];
    assert!(!one.admin_with(&variables, &["migrate"]).done().contains("read models' database"));
    assert!(one.admin(&["migrate"]).done().starts_with("nothing to do"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_installations_database_is_left_alone() {
    let (database, other) = (folded().await, folded().await);
    let theirs = [("TIDEMARK_READ_DATABASE_URL", read(&other).url.as_str())];
    for asked in [&["migrate"][..], &["projections", "status"], &["projections", "rebuild", "users"]] {
        database.admin_with(&theirs, asked).failed(5, "those of another log");
    }
    let log_of_theirs = [("TIDEMARK_READ_DATABASE_URL", other.url.as_str())];
    assert_ne!(database.admin_with(&log_of_theirs, &["migrate"]).code, 0);
    assert_eq!(other.count("select count(*) from read.checkpoints").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_forgets_where_the_read_models_are_is_refused() {
    let database = folded().await;
    let forgotten = [("TIDEMARK_READ_DATABASE_URL", "")];
    let delete = ["tenants", "delete", "acme", "--now", "--without-export", "--yes"];
    for asked in [&["migrate"][..], &["projections", "status"], &["projections", "rebuild", "users"], &delete] {
        database.admin_with(&forgotten, asked).failed(5, "the read models of this log are not in its database");
    }
    assert_eq!(read(&database).count(PEOPLE).await, 3);
    assert_eq!(database.count("select count(*) from log.deletions").await, 0);

    // Unless that is meant.
    let here = ["migrate", "--read-models-here"];
    database.admin(&here).failed(2, "unset it first");
    let migrated = database.admin_with(&forgotten, &here).done();
    assert_eq!(migrated.matches("installed projection").count(), 5, "{migrated}");
    assert!(database.admin_with(&forgotten, &["migrate"]).done().starts_with("nothing to do"));
    database.admin_with(&forgotten, &["projections", "list"]).done();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_that_have_moved_are_not_taken_for_those_they_have_left() {
    let mut database = Database::migrated().await;
    fill(&database).await;
    database.read = Some(Box::new(Database::empty().await));
    database.admin(&["migrate"]).done();
    let forgotten = [("TIDEMARK_READ_DATABASE_URL", "")];
    for asked in [&["migrate"][..], &["projections", "status"], &["projections", "rebuild", "users"]] {
        database.admin_with(&forgotten, asked).failed(5, "the read models of this log are not in its database");
    }
    // Those that were left are gone on with, where that is said.
    database.admin_with(&forgotten, &["migrate", "--read-models-here"]).done();
    let back = database.admin_with(&forgotten, &["projections", "verify", "--all", "--json"]).json();
    assert_eq!(back.as_array().unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_are_shown_rebuilt_verified_and_mended() {
    let database = folded().await;
    assert_eq!((database.count("select count(*) from log.events").await, read(&database).count(PEOPLE).await), (4, 3));
    let shown = database.admin(&["projections", "status", "--json"]).json();
    assert!(shown.as_array().unwrap().iter().all(|one| one["lag"] == 0 && one["head"] == 4), "{shown}");
    let rebuilt = database.admin(&["projections", "rebuild", "users", "--json"]).json();
    assert_eq!((&rebuilt["swapped"], &rebuilt["differingRows"]), (&true.into(), &0.into()));
    database.admin(&["projections", "rebuild", "users", "--rollback"]).done();
    database.admin(&["projections", "verify", "--all", "--json"]).json();

    read(&database).execute("update read.identity_users set name = 'Nobody' where email = 'bo@acme.example'").await;
    assert_eq!(database.admin(&["projections", "verify", "users"]).code, 4);
    let once = ["projections", "verify", "--sample", "--once", "--every", "0"];
    assert_eq!(database.admin(&once).code, 4);
    database.admin(&["projections", "rebuild", "users", "--tenant", "acme", "--json"]).json();
    database.admin(&["projections", "verify", "--all", "--json"]).json();
    assert_eq!(database.count("select count(*) from rebuild.runs").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_epoch_is_raised_though_the_read_models_are_away_and_they_are_put_right_later() {
    let database = folded().await;
    database.execute("delete from log.events where position = 4").await;
    let away = [("TIDEMARK_READ_DATABASE_URL", "postgres://owner:hidden@127.0.0.1:1/none")];
    let raise = ["epoch", "raise", "--fork", "3", "--yes", "--json"];
    let ran = database.admin_with(&away, &raise);
    assert!(ran.code == 4 && ran.err.contains("the epoch was raised") && !ran.err.contains("hidden"), "{ran:?}");
    assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap()["epoch"], 2);
    // What shows what was lost is not folded on, and says so.
    assert_eq!(database.admin(&["projections", "verify", "users"]).code, 4);

    let raised = database.admin(&raise).json();
    assert_eq!((&raised["epoch"], raised["rebuilt"].as_array().unwrap().len()), (&3.into(), 5));
    assert_eq!(read(&database).count(PEOPLE).await, 2);
    database.admin(&["projections", "verify", "--all", "--json"]).json();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_tenant_is_gone_from_both_and_from_what_was_restored() {
    let database = folded().await;
    let rows = "create table kept as table read.identity_users";
    read(&database).execute(rows).await;
    // A former home of the read models has some, too.
    database.execute("create table read.left_behind as select 'acme'::text as tenant_id").await;
    database.admin(&["tenants", "delete", "acme", "--after", "0s", "--yes"]).done();
    let shutdown = CancellationToken::new();
    let working = tokio::spawn(tidemark_workers::run(Settings::for_tests(&database.url, None), shutdown.clone()));
    let folding = database.start_folding(SECRET);
    let now = ["tenants", "delete", "acme", "--now", "--without-export", "--yes", "--json"];
    let receipt = database.admin(&now).json();
    let counts = &receipt["counts"];
    assert_eq!((&counts["read.identity_users"], &counts["read.left_behind"]), (&3.into(), &1.into()), "{receipt}");
    assert_eq!((&counts["log.events"], &counts["log.tenant_keys"]), (&5.into(), &1.into()));
    assert!(receipt["finishedAt"].is_string());
    assert_eq!((read(&database).count(PEOPLE).await, receipt["tenant"].as_str()), (0, Some("acme")));
    database.admin(&["projections", "verify", "--all", "--json"]).json();

    // The database of the read models comes back from a copy of before: to ask again takes the tenant out of it.
    read(&database).execute("insert into read.identity_users select * from kept").await;
    assert_eq!(database.admin(&now).json(), receipt);
    assert_eq!(read(&database).count(PEOPLE).await, 0);
    folding.end().await;
    shutdown.cancel();
    working.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_is_killed_while_the_read_models_are_swept_counts_right() {
    let database = folded().await;
    database.admin(&["tenants", "delete", "acme", "--after", "0s", "--yes"]).done();
    let shutdown = CancellationToken::new();
    let working = tokio::spawn(tidemark_workers::run(Settings::for_tests(&database.url, None), shutdown.clone()));
    let folding = database.start_folding(SECRET);
    // The receipt is written by whoever comes to the end, after any number of deaths.
    let now = ["tenants", "delete", "acme", "--now", "--without-export", "--yes", "--json"];
    for _ in 0..6 {
        let mut child = database.spawn(&now);
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(2));
        while child.try_wait().unwrap().is_none()
            && read(&database).count("select count(*) from read.deletions").await == 0
        {
            ticks.tick().await;
        }
        let _may_have_ended = child.kill();
        child.wait().unwrap();
    }
    let receipt = database.admin(&now).json();
    assert_eq!(receipt["counts"]["read.identity_users"], 3, "{receipt}");
    assert_eq!(deletion::find(&database.pool, "acme").await.unwrap().unwrap().counts["read.identity_users"], 3);
    assert_eq!(read(&database).count(PEOPLE).await, 0);
    folding.end().await;
    shutdown.cancel();
    working.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_moves_its_read_models_and_doctor_tells_what_is_left() {
    let mut database = Database::migrated().await;
    fill(&database).await;
    database.admin(&["projections", "drop-moved"]).failed(2, "`read_database_url` names no other one");
    database.read = Some(Box::new(Database::empty().await));
    let status = |report: &Value, name: &str| {
        let checks = report["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {report:#}"));
        found["status"].as_str().unwrap().to_owned()
    };
    let examined = || serde_json::from_str::<Value>(&database.admin(&["doctor", "--json"]).out).unwrap();
    assert_eq!(status(&examined(), "read models: migrations"), "fail");

    let migrated = database.admin(&["migrate", "--json"]).json();
    assert_eq!(migrated["projections"].as_array().unwrap().len(), 5, "{migrated}");
    database.admin(&["projections", "drop-moved"]).failed(5, "have not come as far as they had before");
    database.fold().await;
    let report = examined();
    for name in ["migrations", "source", "row-level security", "database as tidemark_query"] {
        assert_eq!(status(&report, &format!("read models: {name}")), "ok", "{report:#}");
    }
    assert_eq!(status(&report, "read models: former home"), "warn");
    assert_eq!(database.admin(&["projections", "drop-moved", "--json"]).json()["dropped"].as_array().unwrap().len(), 5);
    assert_eq!(status(&examined(), "read models: former home"), "ok");
    database.admin(&["projections", "verify", "--all", "--json"]).json();
    user(&database, "dee");
    database.fold().await;
    assert_eq!(read(&database).count(PEOPLE).await, 4);
}
