//! Sessions that have expired are removed, and networks that nobody has signed in from for long are forgotten. Nobody could use
//! them any more: this is about space, and what they say of people.

use metrics::counter;
use sqlx::PgPool;
use tidemark_engine::database::{ANSWER, in_time};

/// Removed with one statement.
const PAGE: i32 = 1_000;

/// Removes what has expired. What fails is tried again with the next step.
pub async fn step(pool: &PgPool) {
    match remove(pool, "select identity.remove_expired_sessions($1)").await {
        Ok(removed) => counter!("tidemark_sessions_expired_total").increment(removed),
        Err(error) => tracing::warn!(%error, "expired sessions were not removed; trying again"),
    }
    if let Err(error) = remove(pool, "select identity.forget_networks($1)").await {
        tracing::warn!(%error, "networks of long ago were not forgotten; trying again");
    }
}

/// Calls a function that removes some, until there are no more; says how many there were.
async fn remove(pool: &PgPool, removing: &'static str) -> sqlx::Result<u64> {
    let mut all = 0;
    loop {
        let removed: i64 = in_time(ANSWER, sqlx::query_scalar(removing).bind(PAGE).fetch_one(pool)).await?;
        all += removed.unsigned_abs();
        if removed < i64::from(PAGE) {
            return Ok(all);
        }
    }
}
