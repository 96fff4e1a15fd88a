//! What an operator sees of the ledger and may do with its dead letters.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use crate::policy::REACTION;

/// An effect as the ledger holds it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// The policy that wants it.
    pub policy: String,
    /// The tenant.
    pub tenant_id: String,
    /// Effects of this key are carried out one after another.
    pub ordering_key: String,
    /// Who carries it out; `reaction` for an event that the policy could not react to.
    pub kind: String,
    /// What the policy has said about it.
    pub payload: Json<Box<RawValue>>,
    /// `pending`, `done`, `dead` or `dropped`.
    pub state: String,
    /// Position of the event that it follows from.
    pub position: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// How often it was tried since it last began.
    pub attempts: i32,
    /// What was wrong the last time.
    pub last_error: Option<String>,
    /// Why there was nothing to do, or why it was dropped.
    pub note: Option<String>,
    /// Who has dropped it.
    pub dropped_by: Option<String>,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// When it is tried next, if it is pending.
    pub due_at: DateTime<Utc>,
    /// When it was done, died or was dropped.
    pub settled_at: Option<DateTime<Utc>>,
    /// How many effects wait behind it.
    pub waiting: i64,
}

/// Of all that is in the ledger, this; every field that is not `None` must fit.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// The one of this id.
    pub id: Option<Uuid>,
    /// Those of this policy.
    pub policy: Option<String>,
    /// Those of this tenant.
    pub tenant: Option<String>,
}

const ENTRY: &str = "select id, policy, tenant_id, ordering_key, kind, payload, state, position, event_id, attempts, last_error, note, \
        dropped_by, created_at, due_at, settled_at, \
        case when state in ('pending', 'dead') then (select count(*) from work.effects later \
            where later.policy = e.policy and later.tenant_id = e.tenant_id and later.ordering_key = e.ordering_key \
              and (later.position, later.number) > (e.position, e.number) and later.state in ('pending', 'dead')) else 0 end as waiting \
     from work.effects e";

const FITS: &str = "($1 is null or id = $1) and ($2 is null or policy = $2) and ($3 is null or tenant_id = $3)";

/// Dead letters in the order of their events, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn dead_letters(pool: &PgPool, which: &Which, limit: i64) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as(&format!("{ENTRY} where state = 'dead' and {FITS} order by position, number limit $4"))
        .bind(which.id)
        .bind(&which.policy)
        .bind(&which.tenant)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// The effect of this id, in whatever state.
///
/// # Errors
/// When the database is away.
pub async fn find(pool: &PgPool, id: Uuid) -> sqlx::Result<Option<Entry>> {
    sqlx::query_as(&format!("{ENTRY} where id = $1")).bind(id).fetch_optional(pool).await
}

/// Has dead letters tried anew, as if for the first time; says how many there were.
///
/// # Errors
/// When the database is away.
pub async fn retry_dead(pool: &PgPool, which: &Which) -> sqlx::Result<u64> {
    let retried = sqlx::query(&format!(
        "update work.effects set state = 'pending', attempts = 0, due_at = clock_timestamp(), settled_at = null where state = 'dead' and {FITS}"
    ))
    .bind(which.id)
    .bind(&which.policy)
    .bind(&which.tenant)
    .execute(pool)
    .await?;
    Ok(retried.rows_affected())
}

/// Gives a dead letter up, so that those behind it go on; false when it is none. Who did it and why stays in the ledger.
///
/// # Errors
/// When the database is away.
pub async fn drop_dead(pool: &PgPool, id: Uuid, by: &str, reason: &str) -> sqlx::Result<bool> {
    let dropped = sqlx::query(
        "update work.effects set state = 'dropped', dropped_by = $2, note = $3, settled_at = clock_timestamp() where id = $1 and state = 'dead'",
    )
    .bind(id)
    .bind(by)
    .bind(reason)
    .execute(pool)
    .await?;
    Ok(dropped.rows_affected() == 1)
}

/// Forgets what was done longer ago than `age`, at most `limit`; says how many that were. Dropped letters stay.
///
/// # Errors
/// When the database is away.
pub async fn forget_done(pool: &PgPool, age: Duration, limit: i64) -> sqlx::Result<u64> {
    let forgotten = sqlx::query(
        "delete from work.effects where id in (select id from work.effects \
         where state = 'done' and settled_at < now() - make_interval(secs => $1) limit $2)",
    )
    .bind(age.as_secs_f64())
    .bind(limit)
    .execute(pool)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Has the policy react again to what it could not react to.
pub(crate) async fn retry_reactions(pool: &PgPool, policy: &str) -> sqlx::Result<()> {
    sqlx::query("update work.effects set state = 'pending', settled_at = null where policy = $1 and kind = $2 and state = 'dead'")
        .bind(policy)
        .bind(REACTION)
        .execute(pool)
        .await?;
    Ok(())
}

/// The policy could not react to the event this time either.
pub(crate) async fn reaction_failed(pool: &PgPool, id: Uuid, error: &str) -> sqlx::Result<()> {
    sqlx::query(
        "update work.effects set state = 'dead', attempts = attempts + 1, last_error = $2, settled_at = clock_timestamp() where id = $1 and state = 'pending'",
    )
    .bind(id)
    .bind(error.replace('\0', "\u{fffd}"))
    .execute(pool)
    .await?;
    Ok(())
}
