//! `epoch raise`: a log that was restored from an earlier copy goes on, and nothing shows what was lost.

use crate::support::{Database, PASSWORD, Ran};

fn user(database: &Database, name: &str) -> Ran {
    let email = format!("{name}@acme.example");
    database.admin(&["users", "create", "--tenant", "acme", "--email", &email, "--name", name, "--password", PASSWORD])
}

/// The tables of the log, which a restore brings back to what they were; the rest of the database is ahead then.
const TABLES: [&str; 6] = ["events", "claims", "secrets", "tenant_keys", "subject_keys", "idempotency_keys"];

async fn copy_log(database: &Database) {
    database.execute("create schema earlier").await;
    for table in TABLES {
        database.execute(&format!("create table earlier.{table} as table log.{table}")).await;
    }
}

async fn restore_log(database: &Database) {
    for table in TABLES {
        database.execute(&format!("truncate log.{table}")).await;
        database.execute(&format!("insert into log.{table} select * from earlier.{table}")).await;
    }
}

/// A log of four events, of which there is a copy; then two people more, whom every read model shows.
async fn restored() -> Database {
    let database = Database::with_acme().await;
    user(&database, "bo").done();
    user(&database, "cy").done();
    copy_log(&database).await;
    user(&database, "lost").done();
    user(&database, "gone").done();
    database.fold().await;
    let effect = |id: &str, position: i64, of: &str| {
        format!(
            "insert into work.effects (id, policy, tenant_id, ordering_key, position, number, event_id, correlation_id, kind, payload, due_at) \
             select '{id}', 'identity.welcome', 'acme', 'a', {position}, 0, event_id, 'c', 'mail.welcome', 'null', now() from log.events where position = {of}"
        )
    };
    database.execute(&effect("00000000-0000-0000-0000-000000000003", 3, "3")).await;
    database.execute(&effect("00000000-0000-0000-0000-000000000006", 6, "6")).await;
    restore_log(&database).await;
    database
}

const SHOWN: &str = "select count(*) from read.identity_users where name in ('lost', 'gone')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_restored_elsewhere_goes_on_after_its_epoch_was_raised() {
    let database = restored().await;
    database.execute("update log.epochs set system_identifier = 'another'").await;
    user(&database, "dee").failed(1, "");
    let doctor = database.admin(&["doctor"]);
    assert!(doctor.out.contains("`admin epoch raise`"), "{doctor:?}");
    database.admin(&["epoch", "raise"]).failed(2, "give `--yes` where nobody can be asked");
    database.admin(&["epoch", "raise", "--fork", "5", "--yes"]).failed(2, "this log ends at 4");

    let ran = database.admin(&["epoch", "raise", "--yes", "--json"]);
    let raised: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!((&raised["epoch"], &raised["fork"], &raised["droppedEffects"]), (&2.into(), &4.into(), &1.into()));
    let models = database.count("select count(*) from read.checkpoints").await;
    assert_eq!((raised["rebuilt"].as_array().unwrap().len() as i64, &raised["left"]), (models, &serde_json::json!([])));
    assert_eq!(database.count(SHOWN).await, 0);
    let lost = "select count(*) from work.effects where state = 'dropped' and note like '%lost%' and dropped_by is not null and position = 6";
    assert_eq!(database.count(lost).await, 1);

    // The places that were lost are given away anew.
    user(&database, "lost").done();
    assert_eq!(database.count("select max(position) from log.events").await, 5);
    database.admin(&["projections", "verify", "--all", "--json"]).json();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_was_noticed_the_operator_names_the_fork() {
    let database = restored().await;
    // The same server and timeline, as after a restore into the same cluster: the log takes what it should not.
    user(&database, "dee").done();
    let ran = database.admin(&["epoch", "raise", "--fork", "4", "--no-rebuild", "--yes", "--json"]);
    let raised: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &raised["fork"], &raised["rebuilt"]), (4, &4.into(), &serde_json::json!([])), "{ran:?}");
    assert!(ran.err.contains("still shows what was lost"), "{ran:?}");
    assert!(database.count(SHOWN).await > 0);
    for name in ["users", "tenants", "posts"] {
        let rebuilt = database.admin(&["projections", "rebuild", name, "--json"]).json();
        assert_eq!(rebuilt["swapped"], true);
    }
    assert_eq!(database.count(SHOWN).await, 0);
    assert_eq!(database.count("select count(*) from read.identity_users where name = 'dee'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_that_lost_nothing_leaves_everything_as_it_is() {
    let database = Database::with_acme().await;
    database.fold().await;
    database.execute("update log.epochs set timeline = '000000FF'").await;
    user(&database, "bo").failed(1, "");
    let raised = database.admin(&["epoch", "raise", "--yes", "--json"]).json();
    assert_eq!((&raised["epoch"], &raised["fork"], &raised["ahead"]), (&2.into(), &2.into(), &serde_json::json!([])));
    user(&database, "bo").done();
    database.admin(&["projections", "verify", "--all", "--json"]).json();
}
