//! An event that an operator lets a projection pass over for one tenant: a recorded act, with who and why.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

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

const COLUMNS: &str = "tenant_id, projection, version, position, tenant_position, event_id, event_type, error, reason, skipped_by, skipped_at";

/// Lets the event pass that `projection` has stopped at for `tenant`, and asks its worker to go on behind it. `None`,
/// and nothing is done, when it has not stopped there. The worker may stop again at a later event.
///
/// # Errors
/// When the database is away.
pub async fn skip(
    pool: &PgPool,
    projection: &str,
    tenant: &str,
    reason: &str,
    operator: &str,
) -> sqlx::Result<Option<Skip>> {
    let statement = format!(
        "with stalled as (update read.stalls set retry_requested_at = clock_timestamp() where projection = $1 and tenant_id = $2 \
                          returning tenant_id, projection, position, tenant_position, event_id, event_type, error) \
         insert into read.skips ({COLUMNS}) \
         select s.tenant_id, s.projection, c.version, s.position, s.tenant_position, s.event_id, s.event_type, s.error, $3, $4, clock_timestamp() \
         from stalled s join read.checkpoints c using (projection) \
         on conflict (tenant_id, projection, version, position) do update \
         set reason = excluded.reason, skipped_by = excluded.skipped_by, skipped_at = excluded.skipped_at \
         returning {COLUMNS}"
    );
    sqlx::query_as(&statement).bind(projection).bind(tenant).bind(reason).bind(operator).fetch_optional(pool).await
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
