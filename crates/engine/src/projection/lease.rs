//! Who folds a projection: an expiring row with a fence that rises with every change of holder.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use uuid::Uuid;

/// A lease that was held when it was last looked at. The database decides whether it still is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    pub(super) projection: &'static str,
    pub(super) holder: Uuid,
    pub(super) fence: i64,
    renewed: Instant,
}

impl Lease {
    /// Takes the lease when it is free, has run out, or is ours: then too with a new fence, so that whatever we may
    /// have left behind is refused.
    pub(super) async fn take(
        pool: &PgPool,
        projection: &'static str,
        holder: Uuid,
        time_to_live: Duration,
    ) -> sqlx::Result<Option<Self>> {
        let renewed = Instant::now();
        let held_by_another: bool = sqlx::query_scalar(
            "select exists (select from read.leases where projection = $1 and holder <> $2 and until > clock_timestamp())",
        )
        .bind(projection)
        .bind(holder)
        .fetch_one(pool)
        .await?;
        if held_by_another {
            return Ok(None);
        }
        let fence: Option<i64> = sqlx::query_scalar(
            "insert into read.leases as l (projection, holder, fence, until) \
             values ($1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond') \
             on conflict (projection) do update set holder = excluded.holder, fence = l.fence + 1, until = excluded.until \
             where l.until <= clock_timestamp() or l.holder = excluded.holder \
             returning fence",
        )
        .bind(projection)
        .bind(holder)
        .bind(milliseconds(time_to_live))
        .fetch_optional(pool)
        .await?;
        Ok(fence.map(|fence| Self { projection, holder, fence, renewed }))
    }

    /// Puts the end off once a third of the time has passed. False when another holds it by now, or when the checkpoint
    /// is not at `position` any more: it is written without waiting for the disk, so a crash of the server may take the
    /// last commits back, and an idle holder would see no event by which to find out.
    pub(super) async fn keep(
        &mut self,
        pool: &PgPool,
        time_to_live: Duration,
        version: i32,
        position: i64,
    ) -> sqlx::Result<bool> {
        if self.renewed.elapsed() < time_to_live / 3 {
            return Ok(true);
        }
        let renewed = Instant::now();
        let checkpoint: Option<(Option<i32>, Option<i64>)> = sqlx::query_as(
            "with kept as (update read.leases set until = clock_timestamp() + $4 * interval '1 millisecond' \
                           where projection = $1 and holder = $2 and fence = $3 returning projection) \
             select version, position from kept left join read.checkpoints using (projection)",
        )
        .bind(self.projection)
        .bind(self.holder)
        .bind(self.fence)
        .bind(milliseconds(time_to_live))
        .fetch_optional(pool)
        .await?;
        self.renewed = renewed;
        Ok(checkpoint == Some((Some(version), Some(position))))
    }

    /// Lets another take it at once.
    pub(super) async fn release(self, pool: &PgPool) -> sqlx::Result<()> {
        sqlx::query("update read.leases set until = '-infinity' where projection = $1 and holder = $2 and fence = $3")
            .bind(self.projection)
            .bind(self.holder)
            .bind(self.fence)
            .execute(pool)
            .await?;
        Ok(())
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
