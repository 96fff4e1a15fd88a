//! Gives each policy its checkpoint.

use sqlx::PgPool;

use super::Policy;

/// Gives each policy that is new here its checkpoint at the log's end, or at the beginning where it says so. Safe to run
/// twice and from several processes at once. Runs as the owner.
///
/// # Errors
/// When the database is away or was not migrated.
pub async fn install<'a>(owner: &PgPool, policies: impl IntoIterator<Item = &'a dyn Policy>) -> sqlx::Result<()> {
    for policy in policies {
        sqlx::query(
            "insert into work.policies (policy, position, epoch) \
             select $1, case when $2 then 0 else coalesce((select max(position) from log.events), 0) end, max(epoch) from log.epochs \
             on conflict do nothing",
        )
        .bind(policy.name())
        .bind(policy.reacts_to_the_past())
        .execute(owner)
        .await?;
    }
    Ok(())
}
