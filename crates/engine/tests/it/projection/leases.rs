//! Who may write.

use std::sync::atomic::Ordering;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use tidemark_engine::projection::{Step, stalls};

use super::notes::{Notes, checkpoint, counts, database, fold_to, rows, runner, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_worker_stands_by_until_the_lease_is_given_back() {
    let database = database().await;
    let (mut first, mut second) = (runner(&database, &Notes::default()), runner(&database, &Notes::default()));
    assert_eq!(first.step().await.unwrap(), Step::Leading);
    assert_eq!(second.step().await.unwrap(), Step::Standby);
    first.release().await.unwrap();
    assert_eq!(second.step().await.unwrap(), Step::Leading);
    assert_eq!(first.step().await.unwrap(), Step::Standby);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_is_not_kept_runs_out() {
    let database = database().await;
    let mut dead = runner(&database, &Notes::default()).with_lease(Duration::from_millis(1));
    let mut second = runner(&database, &Notes::default());
    assert_eq!(dead.step().await.unwrap(), Step::Leading);
    while second.step().await.unwrap() == Step::Standby {}
    assert_eq!(dead.step().await.unwrap(), Step::Superseded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_write_of_a_former_holder_is_refused() {
    let database = database().await;
    let (mut former, mut present) = (runner(&database, &Notes::default()), runner(&database, &Notes::default()));
    assert_eq!(former.step().await.unwrap(), Step::Leading);
    // The lease is taken over without the former one being told: it is not due to look for two seconds.
    sqlx::query("update read.leases set until = '-infinity'").execute(&database.owner).await.unwrap();
    assert_eq!(present.step().await.unwrap(), Step::Leading);

    write(&database, "acme", "a", "one").await;
    let refused = loop {
        match former.step().await.unwrap() {
            Step::Idle => {}
            step => break step,
        }
    };
    assert_eq!(refused, Step::Superseded);
    assert_eq!((checkpoint(&database).await, rows(&database).await.len()), (0, 0));

    fold_to(&database, &mut present, 1).await.unwrap();
    assert_eq!(counts(&database).await, ["acme:1:1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_worker_leaves_an_event_that_it_does_not_know_to_a_newer_one() {
    let database = database().await;
    let mut older = runner(&database, &Notes::default());
    let mut newer = runner(&database, &Notes { is_newer: true, ..Notes::default() });
    write(&database, "acme", "a", "one").await;
    fold_to(&database, &mut older, 1).await.unwrap();
    assert_eq!(newer.step().await.unwrap(), Step::Standby);

    write(&database, "acme", "b", "two").await;
    let last = database.append("acme", "note", "a", "NoteFramed", json!({ "body": "framed" })).await;
    loop {
        match older.step().await.unwrap() {
            Step::Idle | Step::Took(_) => {}
            step => {
                assert_eq!(step, Step::HandedOver);
                break;
            }
        }
    }
    assert_eq!(stalls(&database.owner, None).await.unwrap(), []);
    assert_eq!(newer.step().await.unwrap(), Step::Leading);
    assert_eq!(older.step().await.unwrap(), Step::Standby);
    fold_to(&database, &mut newer, last).await.unwrap();
    assert_eq!(rows(&database).await, ["acme/a=framed@2", "acme/b=two@1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_stops_at_an_unknown_event_when_nobody_took_the_lease_from_it() {
    let database = database().await;
    let mut older = runner(&database, &Notes::default());
    let last = database.append("acme", "note", "a", "NoteFramed", json!({ "body": "framed" })).await;
    assert_eq!(older.step().await.unwrap(), Step::Leading);
    while older.step().await.unwrap() != Step::HandedOver {}
    fold_to(&database, &mut older, last).await.unwrap();
    assert_eq!(stalls(&database.owner, None).await.unwrap().len(), 1);

    // Another one soon after: nobody newer was there, so nothing is held up for it again.
    let last = database.append("beta", "note", "a", "NoteFramed", json!({ "body": "framed" })).await;
    fold_to(&database, &mut older, last).await.unwrap();
    assert_eq!(stalls(&database.owner, None).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_checkpoint_was_moved_starts_from_what_is_there() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    write(&database, "acme", "a", "one").await;
    fold_to(&database, &mut worker, 1).await.unwrap();
    // As after a crash of the server: the last commits of a read model may be gone, rows and checkpoint together.
    sqlx::raw_sql("update read.checkpoints set position = 0; delete from read.test_notes; delete from read.test_counts; delete from read.progress")
        .execute(&database.owner)
        .await
        .unwrap();
    write(&database, "acme", "a", "two").await;
    fold_to(&database, &mut worker, 2).await.unwrap();
    assert_eq!(rows(&database).await, ["acme/a=two@2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_worker_finds_out_that_its_checkpoint_was_taken_back() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default()).with_lease(Duration::from_millis(60));
    write(&database, "acme", "a", "one").await;
    fold_to(&database, &mut worker, 1).await.unwrap();
    sqlx::raw_sql("update read.checkpoints set position = 0; delete from read.test_notes; delete from read.test_counts; delete from read.progress")
        .execute(&database.owner)
        .await
        .unwrap();
    // No event comes any more.
    fold_to(&database, &mut worker, 1).await.unwrap();
    assert_eq!(rows(&database).await, ["acme/a=one@1"]);
    assert_eq!(counts(&database).await, ["acme:1:1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_the_lease_tells_of_stalls_and_who_has_lost_it_does_not() {
    let database = database().await;
    let notes = Notes::default();
    notes.is_broken.store(true, Ordering::SeqCst);
    let mut former = runner(&database, &notes).with_lease(Duration::from_millis(1));
    write(&database, "acme", "a", "poison").await;
    fold_to(&database, &mut former, 1).await.unwrap();

    // Of two processes, each with its metrics.
    let (of_present, of_former) =
        (PrometheusBuilder::new().build_recorder(), PrometheusBuilder::new().build_recorder());
    {
        let _recording = metrics::set_default_local_recorder(&of_present);
        let mut present = runner(&database, &notes);
        while present.step().await.unwrap() != Step::Leading {}
    }
    assert!(of_present.handle().render().contains("tidemark_projection_stalls{projection=\"test.notes\"} 1\n"));

    let _recording = metrics::set_default_local_recorder(&of_former);
    while former.step().await.unwrap() != Step::Standby {}
    let told = of_former.handle().render();
    assert!(told.contains("tidemark_projection_stalls{projection=\"test.notes\"} 0\n"), "{told}");
    assert!(told.contains("tidemark_projection_lag{projection=\"test.notes\"} 0\n"), "{told}");
}
