//! An event that an operator lets a projection pass over for one tenant: a recorded act, with who and why.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::database::Databases;
use crate::personal::ERASES;

/// An event that was let pass. It holds for the version of the projection that it was done in, in a rebuild too.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Skip {
    /// The tenant.
    pub tenant_id: String,
    /// The projection.
    pub projection: String,
    /// The projection's version.
    pub version: i32,
    /// The event's position.
    pub position: i64,
    /// The same in the tenant's own log.
    pub tenant_position: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: String,
    /// Why the projection could not take it in.
    pub error: String,
    /// Why it was let pass.
    pub reason: String,
    /// Who did it.
    pub skipped_by: String,
    /// When.
    pub skipped_at: DateTime<Utc>,
}

/// What became of the wish to let an event pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipping {
    /// It is let pass.
    Done(Skip),
    /// The projection has not stopped for the tenant; nothing was done.
    NotStopped,
    /// The event erases somebody, and whoever is erased must be forgotten; nothing was done.
    Erases,
}

const COLUMNS: &str = "tenant_id, projection, version, position, tenant_position, event_id, event_type, error, reason, skipped_by, skipped_at";

/// Lets the event pass that `projection` has stopped at for `tenant`, and asks its worker to go on behind it. The worker
/// may stop again at a later event.
///
/// # Errors
/// When the database is away.
pub async fn skip(
    databases: impl Into<Databases>,
    projection: &str,
    tenant: &str,
    reason: &str,
    operator: &str,
) -> sqlx::Result<Skipping> {
    let Databases { log, read, .. } = databases.into();
    let statement = format!(
        "with stalled as (update read.stalls s set retry_requested_at = clock_timestamp() \
                          where projection = $1 and tenant_id = $2 and position = $5 \
                          returning tenant_id, projection, position, tenant_position, event_id, event_type, error) \
         insert into read.skips ({COLUMNS}) \
         select s.tenant_id, s.projection, c.version, s.position, s.tenant_position, s.event_id, s.event_type, s.error, $3, $4, clock_timestamp() \
         from stalled s join read.checkpoints c using (projection) \
         on conflict (tenant_id, projection, version, position) do update \
         set reason = excluded.reason, skipped_by = excluded.skipped_by, skipped_at = excluded.skipped_at \
         returning {COLUMNS}"
    );
    // A worker that tries again may move the stall meanwhile: what is let pass is the event that was looked at, or none.
    while let Some(position) = stopped_at(&read, projection, tenant).await? {
        if erases(&log, position).await? {
            return Ok(Skipping::Erases);
        }
        let asked = sqlx::query_as(&statement).bind(projection).bind(tenant).bind(reason).bind(operator).bind(position);
        if let Some(skip) = asked.fetch_optional(&read).await? {
            return Ok(Skipping::Done(skip));
        }
    }
    Ok(Skipping::NotStopped)
}

async fn stopped_at(read: &PgPool, projection: &str, tenant: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("select position from read.stalls where projection = $1 and tenant_id = $2")
        .bind(projection)
        .bind(tenant)
        .fetch_optional(read)
        .await
}

async fn erases(log: &PgPool, position: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from log.events where position = $1 and metadata->>$2 is not null)")
        .bind(position)
        .bind(ERASES)
        .fetch_one(log)
        .await
}

/// Everything that was ever let pass, of `projection` or of every one.
///
/// # Errors
/// When the database is away.
pub async fn skips(pool: &PgPool, projection: Option<&str>) -> sqlx::Result<Vec<Skip>> {
    sqlx::query_as(&format!(
        "select {COLUMNS} from read.skips where $1 is null or projection = $1 order by projection, tenant_id, position"
    ))
    .bind(projection)
    .fetch_all(pool)
    .await
}

/// Writes skips down that were recorded elsewhere.
pub(super) async fn keep(connection: &mut PgConnection, skips: &[Skip]) -> sqlx::Result<()> {
    let statement = format!(
        "insert into read.skips ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing"
    );
    for skip in skips {
        sqlx::query(&statement)
            .bind(&skip.tenant_id)
            .bind(&skip.projection)
            .bind(skip.version)
            .bind(skip.position)
            .bind(skip.tenant_position)
            .bind(skip.event_id)
            .bind(&skip.event_type)
            .bind(&skip.error)
            .bind(&skip.reason)
            .bind(&skip.skipped_by)
            .bind(skip.skipped_at)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The positions that this version of `projection` passes over.
pub(super) async fn positions(pool: &PgPool, projection: &str, version: i32) -> sqlx::Result<BTreeSet<i64>> {
    let positions: Vec<i64> =
        sqlx::query_scalar("select position from read.skips where projection = $1 and version = $2")
            .bind(projection)
            .bind(version)
            .fetch_all(pool)
            .await?;
    Ok(positions.into_iter().collect())
}
