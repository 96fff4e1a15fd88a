//! A database of a test's own, migrated, gone afterwards.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

use super::required;

pub(crate) struct TestDatabase {
    pub(crate) pool: PgPool,
    name: String,
    maintenance: PgConnectOptions,
}

impl TestDatabase {
    pub(crate) async fn new() -> Self {
        let maintenance: PgConnectOptions = required("TIDEMARK_TEST_DATABASE_URL").parse().unwrap();
        let name = format!("tidemark_test_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&maintenance).await.unwrap();
        connection.execute(format!("create database {name}").as_str()).await.unwrap();
        connection.close().await.unwrap();
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(maintenance.clone().database(&name))
            .await
            .unwrap();
        tidemark_engine::migrate(&pool, "tidemark-tests").await.unwrap();
        Self { pool, name, maintenance }
    }

    /// Puts `count` events at the end of the log, as an append would.
    pub(crate) async fn append(&self, count: i64) {
        self.append_recorded(count, Duration::ZERO, 20).await;
    }

    /// Events that were recorded some time ago, with a payload of some size.
    pub(crate) async fn append_recorded(&self, count: i64, ago: Duration, payload: i32) {
        let mut transaction = self.pool.begin().await.unwrap();
        sqlx::query("select pg_advisory_xact_lock(7953749933313450591)").execute(&mut *transaction).await.unwrap();
        sqlx::query(
            "with head as (select coalesce(max(position), 0) as position from log.events) \
             insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, \
                                     event_type, event_version, payload, metadata, recorded_at) \
             select head.position + n, gen_random_uuid(), 'acme', head.position + n, 'post', 'acme/p' || (head.position + n), 1, 'PostCreated', '1', \
                    json_build_object('n', head.position + n, 'text', repeat('é', $3)), \
                    json_build_object('requestId', 'r' || n, 'actor', 'Zoë', 'traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'), \
                    now() - make_interval(secs => $2) \
             from head, generate_series(1, $1) as n",
        )
        .bind(count)
        .bind(ago.as_secs_f64())
        .bind(payload)
        .execute(&mut *transaction)
        .await
        .unwrap();
        sqlx::query("select pg_notify('tidemark_log', (select max(position)::text from log.events))")
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    /// What an operator does after history was cut.
    pub(crate) async fn raise_epoch(&self) {
        sqlx::query(
            "insert into log.epochs (epoch, from_position, system_identifier, timeline) \
             select epoch + 1, 0, system_identifier, timeline from log.epochs order by epoch desc limit 1",
        )
        .execute(&self.pool)
        .await
        .unwrap();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (name, maintenance) = (std::mem::take(&mut self.name), self.maintenance.clone());
        // A thread of its own, for a test's runtime may be going down. What fails here is left to the stack's end.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(mut connection) = PgConnection::connect_with(&maintenance).await {
                    let _left =
                        connection.execute(format!("drop database if exists {name} with (force)").as_str()).await;
                }
            });
        });
        let _joined = dropping.join();
    }
}
