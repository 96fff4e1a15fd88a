//! A projection that has stopped for one tenant, at the event that it could not take in. Nothing is ever skipped.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::fold::Culprit;
use crate::event::RecordedEvent;

/// Where and why a projection has stopped for a tenant.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Stall {
    /// The tenant.
    pub tenant_id: String,
    /// The projection.
    pub projection: String,
    /// Position of the event that it could not take in.
    pub position: i64,
    /// The same in the tenant's own log: the projection has come to the event before it.
    pub tenant_position: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: String,
    /// What is wrong.
    pub error: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it first stopped.
    pub since: DateTime<Utc>,
    /// When an operator asked for another try, until that try has failed.
    pub retry_requested_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "tenant_id, projection, position, tenant_position, event_id, event_type, error, attempts, since, retry_requested_at";

/// All stalls there are, of `projection` or of every one.
///
/// # Errors
/// When the database is away.
pub async fn stalls(pool: &PgPool, projection: Option<&str>) -> sqlx::Result<Vec<Stall>> {
    sqlx::query_as(&format!(
        "select {COLUMNS} from read.stalls where $1 is null or projection = $1 order by projection, tenant_id"
    ))
    .bind(projection)
    .fetch_all(pool)
    .await
}

/// Asks the projection's worker to try the stalled events again, of one tenant or of all; says how many stalls there were.
///
/// # Errors
/// When the database is away.
pub async fn request_retry(pool: &PgPool, projection: &str, tenant: Option<&str>) -> sqlx::Result<u64> {
    let requested = sqlx::query("update read.stalls set retry_requested_at = clock_timestamp() where projection = $1 and ($2 is null or tenant_id = $2)")
        .bind(projection)
        .bind(tenant)
        .execute(pool)
        .await?;
    Ok(requested.rows_affected())
}

/// The first event that `projection` has not taken in for `tenant`, in the tenant's own log; `None` when it has not stopped.
pub(super) async fn place(pool: &PgPool, projection: &str, tenant: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("select tenant_position from read.stalls where tenant_id = $1 and projection = $2")
        .bind(tenant)
        .bind(projection)
        .fetch_optional(pool)
        .await
}

/// The tenants of `projection` for which an operator wants another try.
pub(super) async fn requested(pool: &PgPool, projection: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select tenant_id from read.stalls where projection = $1 and retry_requested_at is not null")
        .bind(projection)
        .fetch_all(pool)
        .await
}

/// Stops `projection` for the tenants of `culprits`, or keeps it stopped after another try.
pub(super) async fn record(
    connection: &mut PgConnection,
    schema: &str,
    projection: &str,
    culprits: &BTreeMap<Arc<str>, Culprit>,
) -> sqlx::Result<()> {
    for (tenant, culprit) in culprits {
        sqlx::query(&format!(
            "insert into {schema}.stalls as s (tenant_id, projection, position, tenant_position, event_id, event_type, error, attempts, since) \
             values ($1, $2, $3, $4, $5, $6, $7, 1, clock_timestamp()) \
             on conflict (tenant_id, projection) do update set position = excluded.position, tenant_position = excluded.tenant_position, \
             event_id = excluded.event_id, event_type = excluded.event_type, error = excluded.error, attempts = s.attempts + 1, \
             retry_requested_at = null"
        ))
        .bind(&**tenant)
        .bind(projection)
        .bind(culprit.event.position)
        .bind(culprit.event.tenant_position)
        .bind(culprit.event.event_id)
        .bind(&*culprit.event.event_type)
        .bind(culprit.error.message.replace('\0', "\u{fffd}"))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Moves a stall that is being replayed on to `next`, or ends it when there is none.
pub(super) async fn advance(
    connection: &mut PgConnection,
    schema: &str,
    projection: &str,
    tenant: &str,
    next: Option<&RecordedEvent>,
) -> sqlx::Result<()> {
    let Some(next) = next else {
        sqlx::query(&format!("delete from {schema}.stalls where tenant_id = $1 and projection = $2"))
            .bind(tenant)
            .bind(projection)
            .execute(connection)
            .await?;
        return Ok(());
    };
    sqlx::query(&format!(
        "update {schema}.stalls set position = $3, tenant_position = $4, event_id = $5, event_type = $6, error = 'being replayed' \
         where tenant_id = $1 and projection = $2"
    ))
    .bind(tenant)
    .bind(projection)
    .bind(next.position)
    .bind(next.tenant_position)
    .bind(next.event_id)
    .bind(&*next.event_type)
    .execute(connection)
    .await?;
    Ok(())
}
