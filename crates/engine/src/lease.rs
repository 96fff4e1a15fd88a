//! Expiring leases: rows that say who leads, judged by the database's clock alone.
//!
//! `fence` rises with every change of holder. What a holder writes must carry its fence (or be refused by somebody
//! else's order, as the broker does for the relay), because a paused process learns too late that its lease has gone.

use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

use crate::database::{ANSWER, in_time};

/// The lease table of one schema: `(name text primary key, holder uuid, fence bigint, until timestamptz)`.
#[derive(Debug, Clone)]
pub struct Leases {
    pool: PgPool,
    acquire: String,
    seize: String,
    release: String,
}

impl Leases {
    /// The table `<schema>.leases`. The schema is a name from our own code, never from outside.
    #[must_use]
    pub fn new(pool: PgPool, schema: &'static str) -> Self {
        Self {
            pool,
            acquire: format!(
                "insert into {schema}.leases as lease (name, holder, fence, until) \
                 values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3)) \
                 on conflict (name) do update set holder = excluded.holder, until = clock_timestamp() + make_interval(secs => $3), \
                 fence = lease.fence + case when lease.holder = excluded.holder then 0 else 1 end \
                 where lease.holder = excluded.holder or lease.until <= clock_timestamp() \
                 returning fence"
            ),
            seize: format!(
                "insert into {schema}.leases as lease (name, holder, fence, until) \
                 values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3)) \
                 on conflict (name) do update set holder = excluded.holder, until = excluded.until, fence = lease.fence + 1"
            ),
            release: format!(
                "update {schema}.leases set until = clock_timestamp() where name = $1 and holder = $2 and until > clock_timestamp()"
            ),
        }
    }

    /// Takes the lease or renews it for `ttl`; returns the fence, or `None` while somebody else holds it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn acquire(&self, name: &str, holder: Uuid, ttl: Duration) -> sqlx::Result<Option<i64>> {
        let asked = sqlx::query_scalar(&self.acquire).bind(name).bind(holder).bind(ttl.as_secs_f64());
        in_time(ANSWER, asked.fetch_optional(&self.pool)).await
    }

    /// Takes the lease for `ttl`, whoever holds it: an operator's right. The former holder finds out when it renews, and what it
    /// writes until then must be refused by its fence or by whatever stands for that.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn seize(&self, name: &str, holder: Uuid, ttl: Duration) -> sqlx::Result<()> {
        let asked = sqlx::query(&self.seize).bind(name).bind(holder).bind(ttl.as_secs_f64());
        in_time(ANSWER, asked.execute(&self.pool)).await.map(drop)
    }

    /// Gives the lease up, if it is ours. The row stays, so that `fence` never falls.
    ///
    /// # Errors
    /// When the database is away; the lease then runs out by itself.
    pub async fn release(&self, name: &str, holder: Uuid) -> sqlx::Result<bool> {
        let asked = sqlx::query(&self.release).bind(name).bind(holder);
        let done = in_time(ANSWER, asked.execute(&self.pool)).await?;
        Ok(done.rows_affected() > 0)
    }
}
