//! The rows beside the log, as they are now: who holds a claim, and what a secret is.
//!
//! They are written by appends and read here directly, so they are never behind.

use sqlx::PgPool;
use uuid::Uuid;

use crate::database::{ANSWER, in_time};

/// The id, within its tenant, of the aggregate that holds a claim.
///
/// # Errors
/// When the database is away.
pub async fn claim_holder(pool: &PgPool, tenant: &str, scope: &str, value: &str) -> sqlx::Result<Option<String>> {
    in_time(ANSWER, sqlx::query_scalar(
        "select substr(aggregate_id, length(tenant_id) + 2) from log.claims where tenant_id = $1 and scope = $2 and value = $3",
    )
    .bind(tenant)
    .bind(scope)
    .bind(value)
    .fetch_optional(pool))
    .await
}

/// The claimed values of a scope that begin with `prefix`, in order, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn claimed_values(
    pool: &PgPool,
    tenant: &str,
    scope: &str,
    prefix: &str,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    in_time(ANSWER, sqlx::query_scalar(
        "select value from log.claims where tenant_id = $1 and scope = $2 and value >= $3 and starts_with(value, $3) order by value limit $4",
    )
    .bind(tenant)
    .bind(scope)
    .bind(prefix)
    .bind(limit)
    .fetch_all(pool))
    .await
}

/// A secret, such as a password's hash.
///
/// # Errors
/// When the database is away.
pub async fn secret(pool: &PgPool, tenant: &str, kind: &str, subject: &str) -> sqlx::Result<Option<String>> {
    in_time(
        ANSWER,
        sqlx::query_scalar("select value from log.secrets where tenant_id = $1 and kind = $2 and subject = $3")
            .bind(tenant)
            .bind(kind)
            .bind(subject)
            .fetch_optional(pool),
    )
    .await
}

/// Remembers for a day from now what was executed under this key, however long ago that was. For a command that is given
/// again later than a day after the first time; the rotation keeps its key for as long as its effect is not settled.
///
/// # Errors
/// When the database is away.
pub async fn renew_idempotency_key(pool: &PgPool, id: Uuid) -> sqlx::Result<()> {
    let renewing = sqlx::query("select log.renew_idempotency_key($1)").bind(id);
    in_time(ANSWER, renewing.execute(pool)).await.map(drop)
}

/// Empties the slot of remembered commands that comes next, all of which are older than a day. True when there was
/// anything in it. What belongs to an effect that is not settled moves to the present slot instead.
///
/// # Errors
/// When the database is away, or appends have held their lock for too long.
pub async fn rotate_idempotency_keys(pool: &PgPool) -> sqlx::Result<bool> {
    in_time(ANSWER, sqlx::query_scalar("select log.rotate_idempotency_keys()").fetch_one(pool)).await
}
