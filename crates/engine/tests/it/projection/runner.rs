//! What a worker writes.

use std::time::Duration;

use serde_json::json;
use sqlx::Executor;
use tidemark_engine::projection::{Definition, Projection, Step, StepError, install};

use super::notes::{Notes, checkpoint, counts, database, fold_to, rows, runner, runner_in, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_progress_and_checkpoint_follow_the_log() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    write(&database, "acme", "a", "one").await;
    write(&database, "beta", "a", "two").await;
    database.append("acme", "post", "p", "PostNobodyKnows", json!({})).await;
    let last = write(&database, "acme", "a", "three").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    assert_eq!(rows(&database).await, ["acme/a=three@2", "beta/a=two@1"]);
    assert_eq!(counts(&database).await, ["acme:1:3", "beta:1:1"]);
    assert_eq!(checkpoint(&database).await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_events_again_give_the_same_rows() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    for n in 0..50 {
        write(&database, "acme", &format!("n{}", n % 7), &format!("{n}")).await;
    }
    fold_to(&database, &mut worker, 50).await.unwrap();
    let (rows_once, counts_once) = (rows(&database).await, counts(&database).await);

    worker.release().await.unwrap();
    sqlx::query("update read.checkpoints set position = 11").execute(&database.owner).await.unwrap();
    fold_to(&database, &mut worker, 50).await.unwrap();
    assert_eq!((rows(&database).await, counts(&database).await), (rows_once, counts_once));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_at_any_moment_leaves_nothing_half_done() {
    let database = database().await;
    let notes = Notes::default();
    for n in 0..300 {
        write(&database, ["acme", "beta"][n % 2], &format!("n{}", n % 9), &format!("{n}")).await;
    }
    for patience in 0..40 {
        let mut worker = runner(&database, &notes).with_lease(Duration::from_millis(1));
        let killed =
            tokio::time::timeout(Duration::from_micros(300 * patience), async { while worker.step().await.is_ok() {} });
        let _ = killed.await;
    }
    // Whatever the killed ones still had under way, it stands by until that is over.
    let mut worker = runner(&database, &notes);
    fold_to(&database, &mut worker, 300).await.unwrap();
    assert_eq!(rows(&database).await.len(), 18);
    assert_eq!(counts(&database).await, ["acme:9:150", "beta:9:150"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_a_failed_step_and_nothing_more() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    write(&database, "acme", "a", "one").await;
    fold_to(&database, &mut worker, 1).await.unwrap();
    database.owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tidemark_projection' and datname = current_database()").await.unwrap();
    let last = write(&database, "acme", "a", "two").await;
    while checkpoint(&database).await < last {
        let _ = worker.step().await;
    }
    assert_eq!(rows(&database).await, ["acme/a=two@2"]);
    assert_eq!(database.count("select count(*) from read.stalls").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_another_version_are_left_alone() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    write(&database, "acme", "a", "one").await;
    sqlx::query("update read.checkpoints set version = 2").execute(&database.owner).await.unwrap();
    assert!(matches!(worker.step().await, Err(StepError::OtherVersion { installed: 2, code: 1, .. })));
    assert_eq!(rows(&database).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_of_a_lost_timeline_is_refused() {
    let database = database().await;
    for n in 0..12 {
        write(&database, "acme", "a", &format!("{n}")).await;
    }
    sqlx::query("update read.checkpoints set position = 10").execute(&database.owner).await.unwrap();
    database.owner.execute("insert into log.epochs (epoch, from_position, system_identifier, timeline) select 2, 7, system_identifier, timeline from log.epochs").await.unwrap();
    let mut worker = runner_in(&database, &Notes::default(), 2);
    assert!(matches!(worker.step().await, Err(StepError::LostTimeline { position: 10, cut: 7, .. })));
    sqlx::query("update read.checkpoints set position = 7").execute(&database.owner).await.unwrap();
    assert_eq!(worker.step().await.unwrap(), Step::Leading);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_behind_the_end_of_the_log_is_refused() {
    let database = database().await;
    write(&database, "acme", "a", "one").await;
    sqlx::query("update read.checkpoints set position = 2").execute(&database.owner).await.unwrap();
    let mut worker = runner(&database, &Notes::default());
    assert!(matches!(worker.step().await, Err(StepError::LostTimeline { position: 2, cut: 1, .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_feed_is_of_another_epoch_does_not_lead() {
    let database = database().await;
    let mut worker = runner_in(&database, &Notes::default(), 2);
    assert!(matches!(worker.step().await, Err(StepError::Feed(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn installing_twice_and_at_once_changes_nothing() {
    let database = crate::database::Database::new().await;
    let definitions = [Definition::of::<Notes>()];
    let (one, two) = tokio::join!(install(&database.owner, &definitions), install(&database.owner, &definitions));
    one.unwrap();
    two.unwrap();
    sqlx::query("update read.checkpoints set position = 3").execute(&database.owner).await.unwrap();
    install(&database.owner, &definitions).await.unwrap();
    assert_eq!(checkpoint(&database).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_without_a_tenant_is_not_installed() {
    let database = crate::database::Database::new().await;
    let careless =
        Definition { name: Notes::NAME, version: 1, tables: &["open"], ddl: "create table open (id bigint)" };
    assert!(install(&database.owner, &[careless]).await.is_err());
    assert_eq!(database.count("select count(*) from pg_class where relname = 'open'").await, 0);
}
