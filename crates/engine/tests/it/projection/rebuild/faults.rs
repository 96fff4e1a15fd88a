//! Killed, taken over, run twice, cut off.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Executor;
use tidemark_engine::projection::{Pace, Progress, Rebuild, RebuildError, RebuildRequest, RebuildStep, runs};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{filled, finish, open, rebuilding, run, schemas, verifying};
use crate::projection::notes::{Notes, checkpoint, counts, fold_to, rows, runner, write};

/// Small pages, so that there are many steps.
fn slowly() -> RebuildRequest {
    let pace = Pace { per_second: std::num::NonZeroU32::new(40_000), max_lag: None };
    RebuildRequest { pace, ..rebuilding() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_was_killed_after_any_step_is_gone_on_with() {
    let database = filled().await;
    let (rows_before, counts_before) = (rows(&database).await, counts(&database).await);
    for steps in 0.. {
        let mut killed = open(&database, Notes::default(), rebuilding()).await.unwrap();
        let mut has_ended = false;
        for _ in 0..steps {
            has_ended |= matches!(killed.step().await.unwrap(), RebuildStep::Finished(_));
        }
        drop(killed);
        let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
        assert!(outcome.is_swapped && outcome.is_sound(), "after {steps} steps: {outcome:?}");
        assert_eq!((&rows(&database).await, &counts(&database).await), (&rows_before, &counts_before));
        assert_eq!((checkpoint(&database).await, schemas(&database).await.len()), (40, 1));
        if has_ended {
            break;
        }
    }
    assert!(runs(&database.owner, None, 100).await.unwrap().iter().all(|run| run.state == "swapped"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_is_killed_at_any_moment_leaves_nothing_half_done() {
    let database = filled().await;
    let (rows_before, counts_before) = (rows(&database).await, counts(&database).await);
    for moment in 0..25 {
        let killed = tokio::time::timeout(Duration::from_millis(3 * moment), async {
            let mut rebuild = Rebuild::open(Arc::new(Notes::default()), database.owner.clone(), slowly()).await?;
            finish(&mut rebuild).await
        });
        if let Ok(Err(error)) = killed.await {
            panic!("{error}");
        }
        assert_eq!((&rows(&database).await, &counts(&database).await), (&rows_before, &counts_before));
    }
    let outcome = run(&database, Notes::default(), slowly()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound());
    assert_eq!((&rows(&database).await, &counts(&database).await), (&rows_before, &counts_before));
    assert_eq!(schemas(&database).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_rebuild_is_refused_while_the_first_lives() {
    let database = filled().await;
    let first = open(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(matches!(open(&database, Notes::default(), rebuilding()).await, Err(RebuildError::Busy(_))));
    assert!(matches!(open(&database, Notes::default(), verifying()).await, Err(RebuildError::Busy(_))));
    drop(first);
    assert!(run(&database, Notes::default(), rebuilding()).await.unwrap().is_swapped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_was_taken_over_writes_nothing_more() {
    let database = filled().await;
    let mut former = open(&database, Notes::default(), rebuilding()).await.unwrap();
    // Its connection is lost without its being told.
    database
        .owner
        .execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()) and granted and pid <> pg_backend_pid() and objsubid = 1 and pid in (select pid from pg_stat_activity where datname = current_database() and query like '%pg_try_advisory_lock%')")
        .await
        .unwrap();
    let mut present = open(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(matches!(former.step().await, Err(RebuildError::Superseded)));
    assert!(finish(&mut present).await.unwrap().is_swapped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_are_survived() {
    let database = filled().await;
    let (progress, mut seen) = watch::channel(None::<Progress>);
    let (owner, shutdown) = (database.owner.clone(), CancellationToken::new());
    let running =
        tokio::spawn(async move { Rebuild::run(Notes::default(), owner, slowly(), &progress, shutdown).await });
    seen.wait_for(Option::is_some).await.unwrap();
    let killer = sqlx::PgPool::connect_with(database.owner.connect_options().as_ref().clone()).await.unwrap();
    killer
        .execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and usename = current_user")
        .await
        .unwrap();
    killer.close().await;
    assert!(running.await.unwrap().unwrap().is_swapped);
    assert_eq!(rows(&database).await.len(), 14);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_is_told_to_stop_says_where_it_is() {
    let database = filled().await;
    let (progress, _seen) = watch::channel(None::<Progress>);
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let stopped = Rebuild::run(Notes::default(), database.owner.clone(), rebuilding(), &progress, shutdown).await;
    assert!(matches!(stopped, Err(RebuildError::Interrupted(0))));
    assert_eq!(schemas(&database).await, ["rebuild_1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_folded_in_another_epoch_or_is_not_wanted_is_thrown_away() {
    let database = filled().await;
    let mut left = open(&database, Notes::default(), rebuilding()).await.unwrap();
    left.step().await.unwrap();
    drop(left);
    let anew = RebuildRequest { anew: true, ..rebuilding() };
    let mut second = open(&database, Notes::default(), anew).await.unwrap();
    assert_eq!((second.progress().position, schemas(&database).await), (0, vec!["rebuild_2".to_owned()]));
    second.step().await.unwrap();
    database.owner.execute("insert into log.epochs (epoch, from_position, system_identifier, timeline) select 2, 40, system_identifier, timeline from log.epochs").await.unwrap();
    write(&database, "acme", "n0", "late").await;
    let mut worker = crate::projection::notes::runner_in(&database, &Notes::default(), 2);
    fold_to(&database, &mut worker, 41).await.unwrap();
    assert!(matches!(finish(&mut second).await, Err(RebuildError::Superseded)));
    drop(second);
    assert!(run(&database, Notes::default(), rebuilding()).await.unwrap().is_swapped);
    assert_eq!(schemas(&database).await, ["former_3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_model_of_a_lost_timeline_is_made_anew() {
    let database = filled().await;
    sqlx::raw_sql("delete from log.events where position > 30; insert into log.epochs (epoch, from_position, system_identifier, timeline) select 2, 30, system_identifier, timeline from log.epochs")
        .execute(&database.owner)
        .await
        .unwrap();
    assert!(matches!(run(&database, Notes::default(), verifying()).await, Err(RebuildError::LostTimeline(_))));
    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.comparison.is_none());
    assert_eq!(counts(&database).await, ["acme:7:15", "beta:7:15"]);
    let mut worker = crate::projection::notes::runner_in(&database, &Notes::default(), 2);
    write(&database, "acme", "n0", "new").await;
    fold_to(&database, &mut worker, 31).await.unwrap();
    assert_eq!(counts(&database).await, ["acme:7:16", "beta:7:15"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_rests_while_what_serves_lags() {
    let database = filled().await;
    let mut worker = runner(&database, &Notes::default());
    fold_to(&database, &mut worker, 40).await.unwrap();
    let pace = Pace { per_second: None, max_lag: Some(5) };
    let mut rebuild = open(&database, Notes::default(), RebuildRequest { pace, ..rebuilding() }).await.unwrap();
    for n in 0..6 {
        write(&database, "acme", "more", &format!("{n}")).await;
    }
    assert!(matches!(rebuild.step().await.unwrap(), RebuildStep::Waiting(_)));
    fold_to(&database, &mut worker, 46).await.unwrap();
    assert_eq!(rebuild.step().await.unwrap(), RebuildStep::Folded);
}
