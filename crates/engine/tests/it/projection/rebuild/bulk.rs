//! While it is filled a shadow is not logged, and what follows from its rows is put off.

use sqlx::Executor;
use tidemark_engine::projection::{RebuildError, RebuildStep};

use super::{filled, finish, open, rebuilding, run};
use crate::projection::notes::{Notes, UNCOUNTABLE, counts, fold_to, rows, runner, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_the_server_makes_a_rebuild_begin_again() {
    let database = filled().await;
    let (rows_before, counts_before) = (rows(&database).await, counts(&database).await);
    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    assert_eq!(rebuild.step().await.unwrap(), RebuildStep::Folded);
    assert_eq!(rebuild.progress().position, 40);
    // As a server does with tables that are not logged.
    let unlogged: i64 = sqlx::query_scalar("select count(*) from pg_class where relnamespace = 'rebuild_1'::regnamespace and relkind = 'r' and relpersistence = 'u'")
        .fetch_one(&database.owner)
        .await
        .unwrap();
    assert_eq!(unlogged, 4);
    database
        .owner
        .execute("truncate rebuild_1.test_notes, rebuild_1.test_counts, rebuild_1.progress, rebuild_1.stalls")
        .await
        .unwrap();
    let error = rebuild.step().await.unwrap_err();
    assert!(matches!(error, RebuildError::Superseded) && error.is_transient(), "{error}");
    drop(rebuild);

    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    assert_eq!(rebuild.progress().position, 0);
    let outcome = finish(&mut rebuild).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound() && outcome.comparison.is_some(), "{outcome:?}");
    assert_eq!((rows(&database).await, counts(&database).await), (rows_before, counts_before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_swapped_in_survives_crashes_and_is_vacuumed() {
    let database = filled().await;
    assert!(run(&database, Notes::default(), rebuilding()).await.unwrap().is_swapped);
    let tables: Vec<(String, bool, bool)> = sqlx::query_as(
        "select relname::text, relpersistence = 'p', reloptions is null from pg_class where relnamespace = 'read'::regnamespace and relname like 'test\\_%' and relkind in ('r', 'i') order by 1",
    )
    .fetch_all(&database.owner)
    .await
    .unwrap();
    assert_eq!(tables.len(), 4);
    assert!(tables.iter().all(|(_, is_logged, is_plain)| *is_logged && *is_plain), "{tables:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_derived_at_once_is_found_event_by_event() {
    let database = filled().await;
    write(&database, "acme", UNCOUNTABLE, "one").await;
    write(&database, "acme", "after", "two").await;
    write(&database, "beta", "after", "three").await;
    let mut worker = runner(&database, &Notes::default());
    fold_to(&database, &mut worker, 43).await.unwrap();
    worker.release().await.unwrap();
    let (rows_before, counts_before) = (rows(&database).await, counts(&database).await);

    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    let error = finish(&mut rebuild).await.unwrap_err();
    assert!(matches!(error, RebuildError::StartedOver(_)) && error.is_transient(), "{error}");
    drop(rebuild);
    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound(), "{outcome:?}");
    assert_eq!(outcome.stalled, ["acme"]);
    assert_eq!((rows(&database).await, counts(&database).await), (rows_before, counts_before));
}
