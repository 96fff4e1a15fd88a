//! Queries: one tenant, one snapshot, and waiting for what was just written.

use std::time::Duration;

use tidemark_engine::projection::Projection;
use tidemark_engine::reads::{Reads, Waited};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::database::Database;
use crate::projection::notes::{Notes, database, fold_to, runner, write};

async fn bodies(reads: &Reads, tenant: &str) -> sqlx::Result<(Vec<String>, i64)> {
    let answer = reads
        .query(tenant, &[Notes::NAME], |connection| {
            Box::pin(async move {
                sqlx::query_scalar("select body from read.test_notes order by note_id").fetch_all(connection).await
            })
        })
        .await?;
    Ok((answer.value, answer.tenant_position))
}

fn reads(database: &Database) -> Reads {
    Reads::new(database.connect_as("tidemark_query"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_sees_one_tenant_and_says_how_far_it_is() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    write(&database, "acme", "a", "one").await;
    write(&database, "beta", "a", "other").await;
    let last = write(&database, "acme", "b", "two").await;
    fold_to(&database, &mut worker, last).await.unwrap();
    let reads = reads(&database);
    assert_eq!(bodies(&reads, "acme").await.unwrap(), (vec!["one".to_owned(), "two".to_owned()], 2));
    assert_eq!(bodies(&reads, "beta").await.unwrap(), (vec!["other".to_owned()], 1));
    assert_eq!(bodies(&reads, "nobody").await.unwrap(), (vec![], 0));
    assert_eq!(reads.reached("acme", &[Notes::NAME, "other.projection"]).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_tenant_and_no_projection_never_reaches_the_database() {
    let database = database().await;
    let reads = reads(&database);
    for tenant in ["", "a", "Acme", "a'; select 1; --", "acme/x", "1acme"] {
        assert!(bodies(&reads, tenant).await.is_err(), "{tenant}");
    }
    let odd = reads.query("acme", &["x'}"], |_| Box::pin(async { Ok(()) })).await;
    assert!(odd.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_leaves_no_connection_in_a_transaction() {
    let database = database().await;
    let reads = reads(&database);
    for micros in 0..60 {
        let query = reads.query("acme", &[Notes::NAME], |connection| {
            Box::pin(async move { sqlx::query("select pg_sleep(0.002)").execute(connection).await.map(drop) })
        });
        let _ = tokio::time::timeout(Duration::from_micros(micros * 60), query).await;
    }
    let broken = reads.query("acme", &[], |connection| {
        Box::pin(async move { sqlx::query("select 1/0").execute(connection).await.map(drop) })
    });
    assert!(broken.await.is_err());
    let panicked = reads.query("acme", &[], |_| Box::pin(async move { panic!("a query that panics") }));
    let panicked: sqlx::Result<tidemark_engine::reads::Answer<()>> = panicked.await;
    assert!(panicked.is_err());
    let deadline = Instant::now() + Duration::from_secs(5);
    while database.count("select count(*) from pg_stat_activity where datname = current_database() and usename = 'tidemark_query' and state <> 'idle'").await > 0 {
        assert!(Instant::now() < deadline, "a connection stays in a transaction");
    }
    assert_eq!(bodies(&reads, "acme").await.unwrap().1, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_ends_when_the_projection_has_come_and_at_the_deadline() {
    let database = database().await;
    let reads = reads(&database);
    let in_time = |wait| Instant::now() + Duration::from_millis(wait);
    assert_eq!(reads.wait_until("acme", &[Notes::NAME], 0, in_time(0)).await.unwrap(), Waited::Reached);
    assert_eq!(reads.wait_until("acme", &[Notes::NAME], 1, in_time(30)).await.unwrap(), Waited::Behind);

    let shutdown = CancellationToken::new();
    let following = tokio::spawn({
        let (reads, shutdown) = (reads.clone(), shutdown.clone());
        async move { reads.follow(shutdown).await }
    });
    let mut worker = runner(&database, &Notes::default());
    for n in 1..=20 {
        let waiting = tokio::spawn({
            let reads = reads.clone();
            async move { reads.wait_until("acme", &[Notes::NAME], n, Instant::now() + Duration::from_secs(10)).await }
        });
        let last = write(&database, "acme", "a", &format!("{n}")).await;
        fold_to(&database, &mut worker, last).await.unwrap();
        assert_eq!(waiting.await.unwrap().unwrap(), Waited::Reached);
        assert_eq!(bodies(&reads, "acme").await.unwrap().1, n);
    }
    shutdown.cancel();
    following.await.unwrap();
}
