//! Reading the log: pages in order, one tenant's events, one stream's tail, the head.

use std::sync::Arc;

use serde_json::value::RawValue;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::types::Json;
use sqlx::{FromRow, Row};

use super::append::{Appended, IdempotencyKey};
use super::settle::find_keys;
use crate::event::{Metadata, RecordedEvent};

const COLUMNS: &str = "position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at";

impl FromRow<'_, PgRow> for RecordedEvent {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let tenant_id: &str = row.try_get("tenant_id")?;
        let aggregate_id: &str = row.try_get("aggregate_id")?;
        let within_tenant =
            aggregate_id.strip_prefix(tenant_id).and_then(|rest| rest.strip_prefix('/')).unwrap_or(aggregate_id);
        let payload: Json<Box<RawValue>> = row.try_get("payload")?;
        let metadata: Json<Metadata> = row.try_get("metadata")?;
        Ok(Self {
            position: row.try_get("position")?,
            event_id: row.try_get("event_id")?,
            tenant_id: Arc::from(tenant_id),
            tenant_position: row.try_get("tenant_position")?,
            aggregate_type: Arc::from(row.try_get::<&str, _>("aggregate_type")?),
            aggregate_id: Arc::from(within_tenant),
            sequence: row.try_get("sequence")?,
            event_type: Arc::from(row.try_get::<&str, _>("event_type")?),
            event_version: Arc::from(row.try_get::<&str, _>("event_version")?),
            payload: payload.0,
            metadata: metadata.0,
            recorded_at: row.try_get("recorded_at")?,
        })
    }
}

/// The events after position `after`, in order, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn read_after(pool: &PgPool, after: i64, limit: i64) -> sqlx::Result<Vec<RecordedEvent>> {
    sqlx::query_as(&format!("select {COLUMNS} from log.events where position > $1 order by position limit $2"))
        .bind(after)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// One tenant's events after its own position `after`, in order, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn read_tenant(pool: &PgPool, tenant: &str, after: i64, limit: i64) -> sqlx::Result<Vec<RecordedEvent>> {
    sqlx::query_as(&format!("select {COLUMNS} from log.events where tenant_id = $1 and tenant_position > $2 order by tenant_position limit $3"))
        .bind(tenant)
        .bind(after)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// One stream's events after `sequence`, in order. `aggregate_id` is the log's, `<tenant>/<id>`.
///
/// # Errors
/// When the database is away.
pub async fn read_stream(
    pool: &PgPool,
    aggregate_type: &str,
    aggregate_id: &str,
    after: i64,
) -> sqlx::Result<Vec<RecordedEvent>> {
    sqlx::query_as(&format!("select {COLUMNS} from log.events where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 order by sequence"))
        .bind(aggregate_type)
        .bind(aggregate_id)
        .bind(after)
        .fetch_all(pool)
        .await
}

/// The last position committed; 0 for an empty log.
///
/// # Errors
/// When the database is away.
pub async fn head(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("select coalesce(max(position), 0) from log.events").fetch_one(pool).await
}

/// A tenant's last position; 0 when nothing has happened there.
///
/// # Errors
/// When the database is away.
pub async fn tenant_head(pool: &PgPool, tenant: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar("select coalesce(max(tenant_position), 0) from log.events where tenant_id = $1")
        .bind(tenant)
        .fetch_one(pool)
        .await
}

/// The present epoch.
///
/// # Errors
/// When the database is away or was never migrated.
pub async fn epoch(pool: &PgPool) -> sqlx::Result<i32> {
    sqlx::query_scalar("select max(epoch) from log.epochs").fetch_one(pool).await
}

/// The answer that a remembered idempotency key was given, as the log knows it now.
///
/// # Errors
/// When the database is away.
pub async fn remembered_answer(pool: &PgPool, key: &IdempotencyKey) -> sqlx::Result<Option<Appended>> {
    let mut connection = pool.acquire().await?;
    let found = find_keys(&mut connection, &[key.id]).await?;
    Ok(found.get(&key.id).map(|remembered| remembered.outcome(&key.request_hash)))
}
