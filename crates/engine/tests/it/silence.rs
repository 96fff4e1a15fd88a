//! A database that gives no answer, as a frozen one: it counts as away in time, and no pool is left without connections.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tidemark_engine::database::pool_options;
use tidemark_engine::log;
use tidemark_engine::projection::{Runner, Step, StepError};
use tidemark_engine::reads::Reads;

use crate::database::Database;
use crate::projection::notes::{Notes, checkpoint, database, fold_to, write};
use crate::support::{Proxy, eventually, soon};

/// One connection through the proxy. It is not tried before it is used, so that it is the use that gets no answer.
fn pool(database: &Database, proxy: &Proxy, role: &str) -> PgPool {
    let options = database.connect_as(role).connect_options().as_ref().clone();
    pool_options(1).test_before_acquire(false).connect_lazy_with(proxy.through(&options))
}

#[track_caller]
fn assert_silent(error: &sqlx::Error) {
    assert!(error.to_string().contains("has not answered in time"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_gets_no_answer_fails_and_leaves_room_for_the_next() {
    let database = Database::new().await;
    let proxy = std::sync::Arc::new(Proxy::before(&database.owner.connect_options()).await);
    let reads = Reads::new(pool(&database, &proxy, "tidemark_query"));
    let falling_silent = std::sync::Arc::clone(&proxy);
    let asked = reads.query("acme", &[], move |connection| {
        Box::pin(async move {
            falling_silent.swallow_answers(true);
            sqlx::query_scalar::<_, i32>("select 1").fetch_one(connection).await
        })
    });
    assert_silent(&soon("the query gives up", asked).await.unwrap_err());
    proxy.swallow_answers(false);
    // What was swallowed never comes: a connection that still waited for it would be lost to the pool.
    let again = reads.query("acme", &[], |connection| {
        Box::pin(async move { sqlx::query_scalar::<_, i32>("select 1").fetch_one(connection).await })
    });
    assert_eq!(soon("the next query", again).await.unwrap().value, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_read_models_are_known_to_be_away_one_query_waits_for_them_and_the_others_do_not() {
    const PATIENCE: Duration = Duration::from_secs(2);
    let database = Database::new().await;
    let proxy = Proxy::before(&database.owner.connect_options()).await;
    let options = database.connect_as("tidemark_query").connect_options().as_ref().clone();
    let pool = pool_options(4).acquire_timeout(PATIENCE).connect_lazy_with(proxy.through(&options));
    let reads = Reads::new(pool);
    let query = async || {
        reads
            .query("acme", &[], |connection| {
                Box::pin(async move { sqlx::query_scalar::<_, i32>("select 1").fetch_one(connection).await })
            })
            .await
    };
    proxy.swallow_answers(true);
    assert!(matches!(query().await, Err(sqlx::Error::PoolTimedOut)));
    let others = async {
        let begun = Instant::now();
        for _ in 0..50 {
            assert!(matches!(query().await, Err(sqlx::Error::PoolTimedOut)));
            let reached = reads.reached("acme", &["test.notes"]).await;
            assert!(matches!(reached, Err(sqlx::Error::PoolTimedOut)));
        }
        begun.elapsed()
    };
    // The first of the two is asked first.
    let (waited, sent_away_after) = tokio::join!(biased; query(), others);
    assert!(waited.is_err() && sent_away_after < PATIENCE, "a hundred have waited {sent_away_after:?}");
    proxy.swallow_answers(false);
    eventually("they are asked again", async || query().await.is_ok()).await;
    let (one, other) = tokio::join!(query(), query());
    assert!(one.is_ok() && other.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_at_the_log_that_gets_no_answer_fails_and_leaves_room_for_the_next() {
    let database = Database::new().await;
    let proxy = Proxy::before(&database.owner.connect_options()).await;
    let pool = pool(&database, &proxy, "tidemark_log");
    assert_eq!(log::head(&pool).await.unwrap(), 0);
    eventually("the connection is given back", async || pool.num_idle() == 1).await;
    proxy.swallow_answers(true);
    assert_silent(&soon("the look gives up", log::head(&pool)).await.unwrap_err());
    proxy.swallow_answers(false);
    assert_eq!(soon("the next look", log::head(&pool)).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projection_goes_on_when_a_silent_database_is_back() {
    let database = database().await;
    let proxy = Proxy::before(&database.owner.connect_options()).await;
    let (read, log) = (pool(&database, &proxy, "tidemark_projection"), pool(&database, &proxy, "tidemark_log"));
    // Each step renews so short a lease.
    let mut worker = Runner::new(Notes::default(), read, log, database.feed_in(1))
        .with_patience(Duration::from_millis(20))
        .with_lease(Duration::from_millis(1));
    let first = write(&database, "acme", "a", "one").await;
    fold_to(&database, &mut worker, first).await.unwrap();
    proxy.swallow_answers(true);
    let stepping = async {
        loop {
            match worker.step().await {
                Ok(Step::Idle | Step::Took(_)) => {}
                Err(StepError::Database(error)) => break error,
                other => panic!("{other:?}"),
            }
        }
    };
    assert_silent(&soon("the step gives up", stepping).await);
    proxy.swallow_answers(false);
    let last = write(&database, "acme", "a", "two").await;
    soon("the projection", fold_to(&database, &mut worker, last)).await.unwrap();
    assert_eq!(checkpoint(&database).await, last);
}
