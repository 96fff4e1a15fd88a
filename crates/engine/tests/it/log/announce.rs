//! Whoever listens to the log is told how far it has come.

use sqlx::PgPool;
use sqlx::postgres::PgListener;

use super::*;

const OURS: &str =
    "datname = current_database() and application_name = 'tidemark announce' and usename = 'tidemark_log'";

impl TestLog {
    async fn listen(&self) -> PgListener {
        let mut listener = PgListener::connect_with(&self.database.pool).await.unwrap();
        listener.listen("tidemark_log").await.unwrap();
        listener
    }

    async fn append(&self, id: &str, count: i64) {
        assert!(committed(&self.log.append(append("acme", id, 0, count)).await));
    }

    async fn announcers(&self) -> i64 {
        let sql = format!("select count(*) from pg_stat_activity where {OURS}");
        sqlx::query_scalar(&sql).fetch_one(&self.database.pool).await.unwrap()
    }
}

/// Waits until `wanted` is announced. Positions before it may be left out; none is announced that is not there.
async fn hears(log: &PgPool, listener: &mut PgListener, wanted: i64) {
    let heard = async {
        loop {
            let position: i64 = listener.recv().await.unwrap().payload().parse().unwrap();
            assert!(position <= tidemark_engine::log::head(log).await.unwrap(), "{position} is not there");
            if position == wanted {
                return;
            }
        }
    };
    soon("the announcement", heard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_is_announced_when_it_is_there() {
    let log = TestLog::new().await;
    let mut listener = log.listen().await;
    log.append("a", 2).await;
    hears(&log.database.pool, &mut listener, 2).await;

    let refused = log.log.append(append("acme", "a", 0, 1)).await;
    assert!(matches!(refused, Ok(Appended::Conflict)), "{refused:?}");
    assert!(committed(&log.log.append(nothing("acme")).await));
    let appends = (0..50).map(|n| {
        let log = log.log.clone();
        tokio::spawn(async move { log.append(append("acme", &format!("b{n}"), 0, 1)).await })
    });
    for appended in appends.collect::<Vec<_>>() {
        assert!(committed(&appended.await.unwrap()));
    }
    // One announcement may speak for many appends, and never for one that is not there.
    hears(&log.database.pool, &mut listener, 52).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn announcements_go_on_over_another_connection() {
    let log = TestLog::new().await;
    let mut listener = log.listen().await;
    log.append("a", 1).await;
    hears(&log.database.pool, &mut listener, 1).await;
    let killed: i64 =
        sqlx::query_scalar(&format!("select count(pg_terminate_backend(pid)) from pg_stat_activity where {OURS}"))
            .fetch_one(&log.database.pool)
            .await
            .unwrap();
    assert_eq!(killed, 1);
    eventually("the connection is gone", async || log.announcers().await == 0).await;

    log.append("b", 1).await;
    hears(&log.database.pool, &mut listener, 2).await;
    assert_eq!(log.announcers().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_appended_last_is_announced_before_the_appender_ends() {
    let log = TestLog::new().await;
    let mut listener = log.listen().await;
    log.append("a", 1).await;
    let TestLog { database, log, _appender: appender } = log;
    drop(log);
    soon("the end of the appender", appender).await.unwrap();
    hears(&database.pool, &mut listener, 1).await;
    let sql = format!("select count(*) from pg_stat_activity where {OURS}");
    eventually("its connection is closed", async || {
        sqlx::query_scalar::<_, i64>(&sql).fetch_one(&database.pool).await.unwrap() == 0
    })
    .await;
}
