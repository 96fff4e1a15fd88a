//! Sessions that have expired are removed. Nobody could use them any more: this is about space, and what they say of people.

use metrics::counter;
use sqlx::PgPool;
use tidemark_engine::database::{ANSWER, in_time};

/// Removed with one statement.
const PAGE: i32 = 1_000;

/// Removes what has expired. What fails is tried again with the next step.
pub async fn step(pool: &PgPool) {
    loop {
        let asked = sqlx::query_scalar("select identity.remove_expired_sessions($1)").bind(PAGE);
        let removed: i64 = match in_time(ANSWER, asked.fetch_one(pool)).await {
            Ok(removed) => removed,
            Err(error) => {
                tracing::warn!(%error, "expired sessions were not removed; trying again");
                return;
            }
        };
        counter!("tidemark_sessions_expired_total").increment(removed.unsigned_abs());
        if removed < i64::from(PAGE) {
            return;
        }
    }
}
