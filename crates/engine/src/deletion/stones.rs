//! Events that become stones: what they said is gone, and their places stay taken.

use sqlx::PgPool;

use super::Ledger;

/// The type of the aggregate that a stone names. No module has one of it, so no projection and no policy takes a stone in.
pub const STONE: &str = "deleted";

/// How far the tenant's log was gone through, from its end to its beginning. Whoever reads on in order meanwhile then meets events,
/// and after the first stone only stones: never a change of what it has not seen begin.
#[derive(Debug, Default)]
pub(super) struct Stones {
    /// The tenant position of the last stone, so that only earlier ones are left.
    before: Option<i64>,
    are_all: bool,
}

impl Stones {
    pub(super) fn are_all_laid(&self) -> bool {
        self.are_all
    }

    /// Makes the next events stones, but for the one at `kept`. Says how many.
    pub(super) async fn lay(&mut self, owner: &PgPool, tenant: &str, kept: i64, batch: i64) -> sqlx::Result<i64> {
        let mut transaction = owner.begin().await?;
        let page: Vec<(i64, i64)> = sqlx::query_as(
            "select position, tenant_position from log.events \
             where tenant_id = $1 and tenant_position < $2 and aggregate_type <> $3 and position <> $4 order by tenant_position desc limit $5",
        )
        .bind(tenant)
        .bind(self.before.unwrap_or(i64::MAX))
        .bind(STONE)
        .bind(kept)
        .bind(batch)
        .fetch_all(&mut *transaction)
        .await?;
        let Some((_, first)) = page.last() else {
            self.are_all = true;
            return Ok(0);
        };
        let positions: Vec<i64> = page.iter().map(|(position, _)| *position).collect();
        sqlx::query(
            "update log.events set aggregate_type = $2, aggregate_id = tenant_id || '/' || $2, sequence = tenant_position, \
                                   event_type = 'EventDeleted', event_version = '1', payload = '{}', metadata = '{}' where position = any ($1)",
        )
        .bind(&positions)
        .bind(STONE)
        .execute(&mut *transaction)
        .await?;
        let rows = positions.len().try_into().unwrap_or(i64::MAX);
        Ledger::Log.count(&mut transaction, tenant, "log.events", rows).await?;
        transaction.commit().await?;
        self.before = Some(*first);
        Ok(rows)
    }
}
