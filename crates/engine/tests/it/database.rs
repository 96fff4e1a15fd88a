//! A database of its own for each test, with the service roles' connections and a feed over the log alone.

use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tidemark_engine::feed::{Feed, FeedSettings};
use tidemark_engine::signature::Signer;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::TestDatabase;

/// A migrated database.
pub(crate) struct Database {
    /// Its owner's connections.
    pub(crate) owner: PgPool,
    shutdown: CancellationToken,
    _stops: DropGuard,
    _database: TestDatabase,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new().await;
        let shutdown = CancellationToken::new();
        Self { owner: database.pool.clone(), _stops: shutdown.clone().drop_guard(), shutdown, _database: database }
    }

    /// Connections as one of the service roles.
    pub(crate) fn connect_as(&self, role: &str) -> PgPool {
        let options = self.owner.connect_options().as_ref().clone().username(role).password("tidemark-tests");
        PgPoolOptions::new().max_connections(6).connect_lazy_with(options)
    }

    /// A feed over the log alone.
    pub(crate) fn feed_in(&self, epoch: i32) -> Feed {
        Feed::start(
            FeedSettings::new(self.connect_as("tidemark_log"), None, Signer::new(&[7; 32]), epoch),
            self.shutdown.clone(),
        )
    }

    /// Puts an event at the end of the log, in the next place of its tenant and stream.
    pub(crate) async fn append(
        &self,
        tenant: &str,
        aggregate_type: &str,
        id: &str,
        event_type: &str,
        payload: Value,
    ) -> i64 {
        sqlx::query_scalar(
            "with new as (insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, \
                                 event_type, event_version, payload, metadata, recorded_at) \
             select coalesce((select max(position) from log.events), 0) + 1, gen_random_uuid(), $1, \
                    coalesce((select max(tenant_position) from log.events where tenant_id = $1), 0) + 1, $2, $1 || '/' || $3, \
                    coalesce((select max(sequence) from log.events where aggregate_type = $2 and aggregate_id = $1 || '/' || $3), 0) + 1, \
                    $4, '1', $5::json, '{}', now() returning position) \
             select position from new, pg_notify('tidemark_log', position::text)",
        )
        .bind(tenant)
        .bind(aggregate_type)
        .bind(id)
        .bind(event_type)
        .bind(payload)
        .fetch_one(&self.owner)
        .await
        .expect("appended")
    }

    pub(crate) async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.owner).await.expect("a count")
    }
}
