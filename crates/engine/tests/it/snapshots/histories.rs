//! A state in memory, and a log that says something else by now; and those who come at the same time.

use sqlx::PgPool;
use tidemark_engine::LOG_ROLE;
use tidemark_engine::deletion::{Awaited, Deletion, Step};
use tokio::task::JoinHandle;

use super::{Process, TallyCommand, as_role, of, payload, run, written};
use crate::support::{TestDatabase, eventually, soon};

/// What a restore leaves that was gone on from: the same places, taken by other events.
async fn another_history(pool: &PgPool, last: &str) {
    run(
        pool,
        &format!(
            "update log.events set event_id = gen_random_uuid(), payload = '{{\"type\":\"Counted\",\"by\":{last}}}' \
             where sequence = (select max(sequence) from log.events)"
        ),
    )
    .await;
}

#[tokio::test]
async fn a_state_of_a_lost_history_is_not_written_though_its_place_is_taken() {
    let database = TestDatabase::new().await;
    let mut process = Process::of(&database, 10);
    process.count("a", 1, 10).await;
    another_history(&database.pool, "100").await;
    process.write().await;
    assert!(written(&database.pool).await.is_empty(), "another event has the place of its last one");

    let mut cold = Process::of(&database, 10);
    assert_eq!(cold.known("a").await.0.sum, 109);
    cold.write().await;
    assert_eq!(written(&database.pool).await, [of("a", 10)]);
    assert!(payload(&database.pool).await.contains(r#""sum":109"#));
    // Another one, again, while a state that was read waits to be written.
    run(&database.pool, "delete from log.snapshots").await;
    let mut late = Process::of(&database, 10);
    late.known("a").await;
    another_history(&database.pool, "1000").await;
    late.write().await;
    assert!(written(&database.pool).await.is_empty(), "nor one that was read from the log");
}

#[tokio::test]
async fn nothing_is_decided_on_a_state_whose_last_event_is_not_in_the_stream() {
    let database = TestDatabase::new().await;
    let process = Process::of(&database, 0);
    process.count("a", 1, 5).await;
    another_history(&database.pool, "100").await;
    assert_eq!(Process::of(&database, 0).count("a", 1, 1).await, (super::Tally { sum: 105, ..Default::default() }, 6));
    // It is refused by the version, and reads what it takes to be only the rest.
    assert_eq!(process.count("a", 1, 1).await.0.sum, 106);
}

#[tokio::test]
async fn a_snapshot_that_has_all_and_a_stream_that_has_nothing_are_loads_of_one_question() {
    let database = TestDatabase::new().await;
    let mut process = Process::of(&database, 10);
    process.count("a", 1, 10).await;
    process.write().await;
    // Whoever asked for what events say would be refused.
    run(&database.pool, "revoke select on log.events from tidemark_log").await;
    let places = "grant select (aggregate_type, aggregate_id, sequence, event_id) on log.events to tidemark_log";
    run(&database.pool, places).await;
    let cold = Process::of(&database, 10);
    assert_eq!((cold.known("a").await.0.sum, cold.known("b").await.1), (10, 0));
}

/// A process with a state about Ada Lovelace that waits to be written.
async fn about_somebody(database: &TestDatabase) -> Process {
    let process = Process::of(database, 10);
    process.ask("7", TallyCommand::Name { owner: "7".into(), name: "Ada Lovelace" }).await;
    process.count("7", 1, 10).await;
    process
}

const ERASES: &str = "update log.subject_keys set wrapped_key = null, erased_at = now() where subject = '7'";
/// Of a statement that waits for a lock somebody else has.
const WAITS: &str = "select exists (select from pg_stat_activity where datname = current_database() \
                     and wait_event_type = 'Lock' and query like 'update log.subject_keys%')";

#[tokio::test]
async fn an_erasure_that_is_under_way_keeps_a_snapshot_from_being_written() {
    let database = TestDatabase::new().await;
    let mut process = about_somebody(&database).await;
    let mut erasing = database.pool.begin().await.unwrap();
    sqlx::query(ERASES).execute(&mut *erasing).await.unwrap();
    // The trigger that takes snapshots away has run, and whoever reads still finds the key.
    process.write().await;
    erasing.commit().await.unwrap();
    assert!(written(&database.pool).await.is_empty());
}

#[tokio::test]
async fn an_erasure_waits_for_a_snapshot_that_is_being_written_and_takes_it() {
    let database = TestDatabase::new().await;
    let _process = about_somebody(&database).await;
    let log = PgPool::connect_with(as_role(&database, LOG_ROLE)).await.unwrap();
    let mut writing = log.begin().await.unwrap();
    let call = "select log.write_snapshot(1, 'acme', 'tally', 'acme/7', sequence, event_id, 1, 1, '7', '{}') from log.events where sequence = 11";
    assert!(sqlx::query_scalar::<_, bool>(call).fetch_one(&mut *writing).await.unwrap());
    let pool = database.pool.clone();
    let erasing: JoinHandle<_> = tokio::spawn(async move { sqlx::query(ERASES).execute(&pool).await });
    eventually("the erasure waits", async || sqlx::query_scalar(WAITS).fetch_one(&database.pool).await.unwrap()).await;
    writing.commit().await.unwrap();
    soon("the erasure", erasing).await.unwrap().unwrap();
    assert!(written(&database.pool).await.is_empty());
}

#[tokio::test]
async fn a_deletion_waits_for_a_snapshot_that_is_being_written_and_takes_it() {
    let database = TestDatabase::new().await;
    let process = Process::of(&database, 0);
    process.count("a", 1, 10).await;
    let log = PgPool::connect_with(as_role(&database, LOG_ROLE)).await.unwrap();
    let mut writing = log.begin().await.unwrap();
    let call = "select log.write_snapshot(1, 'acme', 'tally', 'acme/a', sequence, event_id, 1, 1, null, '{}') from log.events where sequence = 10";
    assert!(sqlx::query_scalar::<_, bool>(call).fetch_one(&mut *writing).await.unwrap());
    run(&database.pool, "insert into log.deletions (tenant_id, kept_position, last_position, last_tenant_position, asked_by) values ('acme', 10, 10, 10, 'a test')").await;
    let mut deletion = Deletion::resume(&database.pool, "acme").await.unwrap().unwrap();
    assert!(matches!(deletion.step().await.unwrap(), Step::Removed { .. }), "the tenant's key");
    assert_eq!(deletion.step().await.unwrap(), Step::Waits(Awaited::Transactions));
    writing.commit().await.unwrap();
    assert_eq!(written(&database.pool).await, [of("a", 10)], "it was written before anybody could refuse it");
    // Transactions of other tests may be waited for, too.
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    soon("the deletion", async {
        loop {
            match deletion.step().await.unwrap() {
                Step::Finished => break,
                Step::Waits(_) => drop(ticks.tick().await),
                Step::WentOn | Step::Removed { .. } => {}
            }
        }
    })
    .await;
    assert!(written(&database.pool).await.is_empty());
}
