//! Queries while tables are swapped: none fails, and each sees exactly the state that it names.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::PgConnection;
use tidemark_engine::projection::{RebuildStep, roll_back};
use tidemark_engine::reads::Reads;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{open, rebuilding, run};
use crate::projection::notes::{Notes, come_to, counts, database, fold_to, runner, write};

async fn count(connection: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from read.test_notes where tenant_id = 'acme'").fetch_one(connection).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_see_the_state_that_they_name_while_tables_are_swapped_under_them() {
    let database = Arc::new(database().await);
    let reads = Reads::new(database.connect_as("tidemark_query"));
    let shutdown = CancellationToken::new();
    let worker = tokio::spawn(runner(&database, &Notes::default()).run(shutdown.clone()));
    let is_over = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicU64::new(0));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (reads, is_over, asked) = (reads.clone(), Arc::clone(&is_over), Arc::clone(&asked));
        readers.spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                let answer = reads.query("acme", &["test.notes"], |c| Box::pin(count(c))).await.unwrap();
                // Each event makes a note.
                assert_eq!(answer.value, answer.tenant_position);
                asked.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let writer = tokio::spawn({
        let (database, is_over) = (Arc::clone(&database), Arc::clone(&is_over));
        async move {
            let (mut written, mut ticks) = (0, tokio::time::interval(Duration::from_millis(20)));
            while !is_over.load(Ordering::SeqCst) {
                ticks.tick().await;
                write(&database, "acme", &format!("n{written}"), "one").await;
                written += 1;
            }
            written
        }
    });
    for _ in 0..5 {
        let before = asked.load(Ordering::SeqCst);
        assert!(run(&database, Notes::default(), rebuilding()).await.unwrap().is_swapped);
        while asked.load(Ordering::SeqCst) < before + 50 {
            tokio::task::yield_now().await;
        }
    }
    roll_back::<Notes>(&database.owner).await.unwrap();
    is_over.store(true, Ordering::SeqCst);
    while let Some(reader) = readers.join_next().await {
        reader.unwrap();
    }
    let written = writer.await.unwrap();
    come_to(&database, written).await;
    assert_eq!(counts(&database).await, [format!("acme:{written}:{written}")]);
    shutdown.cancel();
    worker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_gives_way_to_a_query_that_has_its_snapshot_and_not_yet_its_tables() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    for n in 0..5 {
        write(&database, "acme", &format!("n{n}"), "one").await;
    }
    fold_to(&database, &mut worker, 5).await.unwrap();
    let reads = Reads::new(database.connect_as("tidemark_query"));
    let (go_on, waits) = oneshot::channel::<()>();
    let (has_begun, begun) = oneshot::channel();
    let query = tokio::spawn(async move {
        reads
            .query("acme", &["test.notes"], |connection| {
                Box::pin(async move {
                    let _told = has_begun.send(());
                    let _told = waits.await;
                    count(connection).await
                })
            })
            .await
    });
    begun.await.unwrap();
    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    // While it waits, rows come that the query's snapshot does not have.
    let (mut waited, mut written) = (0, 0);
    while waited < 3 {
        match rebuild.step().await.unwrap() {
            RebuildStep::Waiting(_) => waited += 1,
            RebuildStep::Finished(outcome) => panic!("swapped under a query: {outcome:?}"),
            _ => {}
        }
        written += 1;
        let last = write(&database, "acme", &format!("w{written}"), "two").await;
        fold_to(&database, &mut worker, last).await.unwrap();
    }
    // Others are not held up by the two.
    let others = Reads::new(database.connect_as("tidemark_query"));
    let answer = others.query("acme", &["test.notes"], |c| Box::pin(count(c))).await.unwrap();
    assert_eq!(answer.value, answer.tenant_position);
    go_on.send(()).unwrap();
    let answer = query.await.unwrap().unwrap();
    assert_eq!((answer.value, answer.tenant_position), (5, 5));
    assert!(super::finish(&mut rebuild).await.unwrap().is_swapped);
}
