//! What happens beside a rebuild: a full disk, a deploy, the end of a tenant.

use sqlx::{Connection, Executor, PgConnection};
use tidemark_engine::deletion::{Deletion, Step};
use tidemark_engine::projection::{RebuildError, RebuildStep, runs};

use super::{filled, finish, open, rebuilding, run, schemas};
use crate::database::Database;
use crate::projection::notes::{Notes, checkpoint, counts, rows};
use crate::support::{eventually, soon};

/// Says that there is no room, as the server does when a file cannot be made longer.
const NO_ROOM: &str = r#"
    create function no_room() returns trigger language plpgsql as $$
    begin
        raise exception 'could not extend file "base/1/2": No space left on device' using errcode = 'disk_full';
    end $$;
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_costs_nothing_that_serves_or_was_folded() {
    // Where the rows are folded, and where what follows from them is written.
    for (table, folded) in [("test_notes", 0), ("test_counts", 40)] {
        let database = filled().await;
        let before = (rows(&database).await, counts(&database).await, checkpoint(&database).await);
        let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
        database.owner.execute(NO_ROOM).await.unwrap();
        let filling =
            format!("create trigger fills before insert on rebuild_1.{table} for each row execute function no_room()");
        database.owner.execute(filling.as_str()).await.unwrap();
        let error = finish(&mut rebuild).await.unwrap_err();
        // Somebody may make room in a moment.
        assert!(error.is_transient(), "{error:?}");
        assert!(error.to_string().contains("No space left on device"), "{error}");
        assert_eq!((rows(&database).await, counts(&database).await, checkpoint(&database).await), before);
        drop(rebuild);
        let left = runs(&database.owner, None, 10).await.unwrap();
        assert_eq!((left.len(), left[0].state.as_str(), left[0].position), (1, "open", folded), "{table}");

        database.owner.execute(format!("drop trigger fills on rebuild_1.{table}").as_str()).await.unwrap();
        let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
        assert!(outcome.is_swapped && outcome.is_sound() && outcome.run == left[0].run, "{outcome:?}");
        assert_eq!((rows(&database).await, counts(&database).await, checkpoint(&database).await), before);
        assert_eq!(schemas(&database).await, ["former_1"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_of_an_earlier_version_never_replaces_a_later_one() {
    // Before it folds, and when it has only to be swapped in.
    for folds_first in [false, true] {
        let database = filled().await;
        let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
        while folds_first && rebuild.step().await.unwrap() != RebuildStep::Compared {}
        let before = (rows(&database).await, counts(&database).await);
        // The later version has come to serve while this process was cut off.
        database.owner.execute("update read.checkpoints set version = 2").await.unwrap();
        let refused = finish(&mut rebuild).await.unwrap_err();
        assert!(matches!(refused, RebuildError::OtherVersion { installed: 2, code: 1, .. }), "{refused:?}");
        assert!(!refused.is_transient());
        assert_eq!(refused.to_string(), "test.notes has tables of version 2, and this code folds version 1");
        assert_eq!((rows(&database).await, counts(&database).await), before);
        assert_eq!(database.count("select version::bigint from read.checkpoints").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_installed_is_not_rebuilt() {
    let database = Database::new().await;
    let refused = run(&database, Notes::default(), rebuilding()).await.unwrap_err();
    assert_eq!(refused.to_string(), "test.notes is not installed; run `admin migrate`");
    assert_eq!(schemas(&database).await, [""; 0]);
}

/// Whoever writes what follows from rows waits for this lock.
const HELD_UP: &str = "
    create function held_up() returns trigger language plpgsql as $$
    begin
        perform pg_advisory_xact_lock_shared(4242);
        return new;
    end $$;
    create trigger waits before insert on rebuild_1.test_counts for each row execute function held_up();
";
const WAITS: &str = "select count(*) from pg_locks where locktype = 'advisory' and objid = 4242 and not granted \
                     and database = (select oid from pg_database where datname = current_database())";
const WAITS_FOR_THE_RUN: &str = "select count(*) from pg_stat_activity where datname = current_database() \
                                 and wait_event_type = 'Lock' and query like 'select from rebuild.runs%'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_derived_from_rows_of_a_tenant_that_goes_meanwhile_goes_with_it() {
    let database = filled().await;
    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    assert_eq!(rebuild.step().await.unwrap(), RebuildStep::Folded);
    let deleted = "insert into log.deletions (tenant_id, kept_position, last_position, last_tenant_position, asked_by) values ('acme', 39, 39, 20, 'a test')";
    database.owner.execute(deleted).await.unwrap();
    let mut deletion = Deletion::resume(&database.owner, "acme").await.unwrap().unwrap();
    // Whoever begins from here on is not waited for because it began before the deletion.
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    soon("the deletion comes to the events", async {
        loop {
            match deletion.step().await.unwrap() {
                Step::Removed { table, .. } if table == "log.events" => break,
                Step::Waits(_) => drop(ticks.tick().await),
                _ => {}
            }
        }
    })
    .await;
    database.owner.execute(HELD_UP).await.unwrap();
    let mut holding = PgConnection::connect_with(&database.owner.connect_options()).await.unwrap();
    holding.execute("select pg_advisory_lock(4242)").await.unwrap();
    let deriving = tokio::spawn(async move { (rebuild.step().await.map(|_| ()), rebuild) });
    eventually("it is about to write what follows", async || database.count(WAITS).await == 1).await;

    let deleting = tokio::spawn(async move { while deletion.step().await.unwrap() != Step::Finished {} });
    eventually("the deletion has ended, or waits", async || {
        deleting.is_finished() || database.count(WAITS_FOR_THE_RUN).await == 1
    })
    .await;
    holding.execute("select pg_advisory_unlock(4242)").await.unwrap();
    let (derived, mut rebuild) = soon("the rebuild", deriving).await.unwrap();
    derived.unwrap();
    soon("the deletion", deleting).await.unwrap();
    let left = "select (select count(*) from rebuild_1.test_notes where tenant_id = 'acme') \
                     + (select count(*) from rebuild_1.test_counts where tenant_id = 'acme')";
    assert_eq!(database.count(left).await, 0);
    assert!(finish(&mut rebuild).await.unwrap().is_swapped);
    assert_eq!(counts(&database).await, ["beta:7:20"]);
}
