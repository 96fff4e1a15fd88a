//! One tenant alone, stalls, and what an operator lets pass.

use std::sync::atomic::Ordering;

use sqlx::Executor;
use tidemark_engine::projection::{RebuildRequest, Skipping, skip, skips, stalls};

use super::{filled, finish, open, rebuilding, run, schemas, verifying};
use crate::projection::notes::{Notes, checkpoint, counts, database, fold_to, rows, runner, write};

fn of(tenant: &str) -> RebuildRequest {
    RebuildRequest { tenant: Some(tenant.to_owned()), ..rebuilding() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_tenant_is_made_anew_and_no_other_is_touched() {
    let database = filled().await;
    let right = rows(&database).await;
    database
        .owner
        .execute(
            "update read.test_notes set body = 'drift'; update read.progress set tenant_position = 1; \
             insert into read.test_notes values ('acme', 'ghost', 'boo', 1)",
        )
        .await
        .unwrap();
    let mut rebuild = open(&database, Notes::default(), of("acme")).await.unwrap();
    // A worker goes on meanwhile.
    let mut worker = runner(&database, &Notes::default());
    let last = write(&database, "beta", "later", "live").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    let outcome = finish(&mut rebuild).await.unwrap();
    assert!(outcome.is_swapped && outcome.comparison.unwrap().differing == 9);
    let now = rows(&database).await;
    assert_eq!(now[..7], right[..7]);
    let drifted = now.iter().filter(|row| row.starts_with("beta/") && row.contains("=drift@")).count();
    assert_eq!((drifted, now.len()), (7, 15), "{now:?}");
    assert_eq!(counts(&database).await, ["acme:7:20", "beta:8:21"]);
    assert_eq!((checkpoint(&database).await, schemas(&database).await.len()), (41, 0));
    let last = write(&database, "acme", "later", "live").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    assert_eq!(counts(&database).await, ["acme:8:21", "beta:8:21"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_has_nothing_any_more_is_emptied() {
    let database = filled().await;
    database.owner.execute("insert into read.test_notes values ('gone', 'ghost', 'boo', 1)").await.unwrap();
    assert!(run(&database, Notes::default(), of("gone")).await.unwrap().is_swapped);
    assert_eq!(rows(&database).await.len(), 14);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalls_are_found_again_and_carried_over() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    for n in 0..30 {
        let body = if n == 15 { "far too long for this" } else { "short" };
        write(&database, ["acme", "beta", "gamma"][n % 3], &format!("n{n}"), body).await;
    }
    database.append("beta", "note", "odd", "NoteFramed", serde_json::json!({})).await;
    let last = write(&database, "beta", "after", "short").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    let (rows_before, counts_before) = (rows(&database).await, counts(&database).await);
    let before = stalls(&database.owner, None).await.unwrap();
    assert_eq!(before.len(), 2);
    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_sound() && outcome.is_swapped, "{outcome:?}");
    assert_eq!(outcome.stalled, ["acme", "beta"]);
    assert_eq!(stalls(&database.owner, None).await.unwrap(), before);
    assert_eq!((rows(&database).await, counts(&database).await), (rows_before, counts_before));
    assert!(run(&database, Notes::default(), verifying()).await.unwrap().is_sound());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_that_the_present_code_does_not_have_is_healed() {
    let database = database().await;
    let broken = Notes::default();
    broken.is_broken.store(true, Ordering::SeqCst);
    let mut worker = runner(&database, &broken);
    write(&database, "acme", "a", "poison").await;
    write(&database, "acme", "a", "fine").await;
    let last = write(&database, "beta", "a", "fine").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound());
    assert_eq!(outcome.comparison.unwrap().healed, ["acme"]);
    assert!(stalls(&database.owner, None).await.unwrap().is_empty());
    assert_eq!(counts(&database).await, ["acme:1:2", "beta:1:1"]);
    // The worker that held the tenant to be stalled is told otherwise.
    broken.is_broken.store(false, Ordering::SeqCst);
    let last = write(&database, "acme", "a", "more").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    assert_eq!(rows(&database).await, ["acme/a=more@3", "beta/a=fine@1"]);
    // The other way round it would lose what serves.
    broken.is_broken.store(true, Ordering::SeqCst);
    let outcome = run(&database, broken, rebuilding()).await.unwrap();
    assert!(!outcome.is_swapped);
    assert_eq!(outcome.comparison.unwrap().first[0].table, "stalls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_let_pass_is_passed_over_by_the_worker_and_by_rebuilds() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    write(&database, "acme", "a", "one").await;
    write(&database, "acme", "b", "far too long for this").await;
    write(&database, "acme", "c", "three").await;
    write(&database, "acme", "d", "this too is far too long").await;
    fold_to(&database, &mut worker, 4).await.unwrap();
    // A rebuild that began before has stopped there as well.
    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    while rebuild.progress().position < 4 {
        rebuild.step().await.unwrap();
    }
    let skipping = skip(&database.owner, "test.notes", "beta", "no reason", "me").await.unwrap();
    assert_eq!(skipping, Skipping::NotStopped);
    for stalled_at in [2, 4] {
        let skipping = skip(&database.owner, "test.notes", "acme", "typed by a cat", "me").await.unwrap();
        let Skipping::Done(skipped) = skipping else { panic!("{skipping:?}") };
        assert_eq!((skipped.position, skipped.tenant_position, skipped.version), (stalled_at, stalled_at, 1));
        while stalls(&database.owner, None).await.unwrap().iter().any(|stall| stall.position <= stalled_at) {
            worker.step().await.unwrap();
        }
    }
    assert_eq!(rows(&database).await, ["acme/a=one@1", "acme/c=three@1"]);
    assert_eq!(counts(&database).await, ["acme:2:4"]);
    let recorded = skips(&database.owner, Some("test.notes")).await.unwrap();
    assert_eq!(
        (recorded.len(), recorded[0].reason.as_str(), recorded[0].skipped_by.as_str()),
        (2, "typed by a cat", "me")
    );
    assert!(recorded[0].error.contains("too long"), "{recorded:?}");

    let outcome = finish(&mut rebuild).await.unwrap();
    drop(rebuild);
    assert!(outcome.is_sound() && outcome.is_swapped && outcome.stalled.is_empty(), "{outcome:?}");
    assert_eq!(counts(&database).await, ["acme:2:4"]);
    assert!(run(&database, Notes::default(), verifying()).await.unwrap().is_sound());
    let last = write(&database, "acme", "a", "live").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    assert_eq!(rows(&database).await[0], "acme/a=live@2");
}
