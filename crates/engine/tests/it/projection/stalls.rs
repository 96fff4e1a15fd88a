//! An event that cannot be taken in stops its tenant, and no other; nothing is skipped.

use std::sync::atomic::Ordering;

use serde_json::json;
use tidemark_engine::projection::{request_retry, stalls};

use super::notes::{Notes, checkpoint, counts, database, fold_to, rows, runner, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_event_stops_its_tenant_and_the_others_go_on() {
    let database = database().await;
    let notes = Notes::default();
    notes.is_broken.store(true, Ordering::SeqCst);
    let mut worker = runner(&database, &notes);
    write(&database, "acme", "a", "one").await;
    write(&database, "beta", "a", "one").await;
    write(&database, "acme", "a", "poison").await;
    write(&database, "beta", "a", "two").await;
    let last = write(&database, "acme", "b", "later").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    assert_eq!(rows(&database).await, ["acme/a=one@1", "beta/a=two@2"]);
    assert_eq!(counts(&database).await, ["acme:1:1", "beta:1:2"]);
    let stalled = stalls(&database.owner, None).await.unwrap();
    assert_eq!(stalled.len(), 1);
    assert_eq!(
        (stalled[0].tenant_id.as_str(), stalled[0].position, stalled[0].tenant_position, stalled[0].error.as_str()),
        ("acme", 3, 2, "poison")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_event_of_a_followed_aggregate_and_a_panic_stop_their_tenants() {
    let database = database().await;
    let notes = Notes::default();
    notes.is_broken.store(true, Ordering::SeqCst);
    let mut worker = runner(&database, &notes);
    database.append("acme", "note", "a", "NoteFramed", json!({})).await;
    database.append("beta", "note", "a", "NoteWritten", json!({ "text": 1 })).await;
    write(&database, "gamma", "a", "panic").await;
    let last = write(&database, "delta", "a", "fine").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    assert_eq!(rows(&database).await, ["delta/a=fine@1"]);
    let errors: Vec<String> =
        stalls(&database.owner, None).await.unwrap().into_iter().map(|stall| stall.error).collect();
    assert!(errors[0].contains("NoteFramed version 1 of note is unknown"), "{errors:?}");
    assert!(errors[1].contains("missing field `body`"), "{errors:?}");
    assert!(errors[2].contains("panicked"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_database_refuses_is_found_within_the_batch() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    for n in 0..20 {
        for tenant in ["acme", "beta", "gamma", "delta", "omega"] {
            let too_long = (tenant == "beta" && n == 13) || (tenant == "omega" && n == 0);
            write(&database, tenant, &format!("n{n}"), if too_long { "far too long for this" } else { "short" }).await;
        }
    }
    fold_to(&database, &mut worker, 100).await.unwrap();
    assert_eq!(counts(&database).await, ["acme:20:20", "beta:13:13", "delta:20:20", "gamma:20:20"]);
    let places: Vec<_> = stalls(&database.owner, None)
        .await
        .unwrap()
        .into_iter()
        .map(|stall| (stall.tenant_id, stall.tenant_position))
        .collect();
    assert_eq!(places, [("beta".to_owned(), 14), ("omega".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_resumes_in_order_while_events_still_come() {
    let database = database().await;
    let notes = Notes::default();
    notes.is_broken.store(true, Ordering::SeqCst);
    let mut worker = runner(&database, &notes);
    write(&database, "acme", "a", "poison").await;
    for n in 0..700 {
        write(&database, ["acme", "beta"][n % 2], "a", &format!("{n}")).await;
    }
    fold_to(&database, &mut worker, 701).await.unwrap();
    assert_eq!(counts(&database).await, ["beta:1:350"]);

    // In vain: it stays stopped, and says how often it was tried.
    assert_eq!(request_retry(&database.owner, "test.notes", Some("acme")).await.unwrap(), 1);
    while stalls(&database.owner, None).await.unwrap()[0].attempts == 1 {
        worker.step().await.unwrap();
    }
    assert_eq!(stalls(&database.owner, None).await.unwrap()[0].retry_requested_at, None);

    notes.is_broken.store(false, Ordering::SeqCst);
    assert_eq!(request_retry(&database.owner, "test.notes", None).await.unwrap(), 1);
    let mut written = 701;
    while !stalls(&database.owner, None).await.unwrap().is_empty() {
        written = write(&database, "acme", "a", "live").await;
        worker.step().await.unwrap();
    }
    fold_to(&database, &mut worker, written).await.unwrap();
    assert_eq!(rows(&database).await[0], format!("acme/a=live@{}", written - 350));
    assert_eq!(checkpoint(&database).await, written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_worker_tries_every_stall_once() {
    let database = database().await;
    let notes = Notes::default();
    notes.is_broken.store(true, Ordering::SeqCst);
    let mut old = runner(&database, &notes);
    write(&database, "acme", "a", "poison").await;
    let last = write(&database, "acme", "a", "fine").await;
    fold_to(&database, &mut old, last).await.unwrap();
    old.release().await.unwrap();
    assert_eq!(rows(&database).await, [""; 0]);

    let mut new = runner(&database, &Notes::default());
    while !stalls(&database.owner, None).await.unwrap().is_empty() {
        new.step().await.unwrap();
    }
    assert_eq!(rows(&database).await, ["acme/a=fine@2"]);
    assert_eq!(counts(&database).await, ["acme:1:2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_leads_again_tries_what_an_older_one_did_not_know() {
    let database = database().await;
    let older_notes = Notes::default();
    older_notes.is_broken.store(true, Ordering::SeqCst);
    let (mut older, mut newer) = (runner(&database, &older_notes), runner(&database, &Notes::default()));
    fold_to(&database, &mut newer, 0).await.unwrap();
    newer.release().await.unwrap();
    let last = write(&database, "acme", "a", "poison").await;
    fold_to(&database, &mut older, last).await.unwrap();
    older.release().await.unwrap();
    assert_eq!(rows(&database).await, [""; 0]);

    fold_to(&database, &mut newer, last).await.unwrap();
    assert_eq!(rows(&database).await, ["acme/a=poison@1"]);
    assert!(stalls(&database.owner, None).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_read_back_stops_its_tenant_and_no_other() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    write(&database, "acme", "a", "one").await;
    fold_to(&database, &mut worker, 1).await.unwrap();
    sqlx::query("update read.test_notes set body = null").execute(&database.owner).await.unwrap();
    write(&database, "acme", "a", "two").await;
    let last = write(&database, "beta", "a", "one").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    assert_eq!(counts(&database).await, ["acme:1:1", "beta:1:1"]);
    assert_eq!(stalls(&database.owner, None).await.unwrap()[0].position, 2);
}
