//! Where all policies are, for operators and metrics.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

/// Where one policy is, and what is left to do of what it wanted.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    /// The policy.
    pub policy: String,
    /// Its checkpoint: the last position that it has reacted to.
    pub position: i64,
    /// Who runs it; `None` when nobody does.
    pub holder: Option<Uuid>,
    /// When the holder's lease ends, unless it is renewed.
    pub until: Option<DateTime<Utc>>,
    /// Effects that are still to be carried out.
    pub pending: i64,
    /// Since when the longest due of them has been due; `None` when none is.
    pub due_since: Option<DateTime<Utc>>,
    /// Dead letters.
    pub dead: i64,
}

/// Where each installed policy is, by name.
///
/// # Errors
/// When the database is away.
pub async fn standings(pool: &PgPool) -> sqlx::Result<Vec<Standing>> {
    sqlx::query_as(
        "select p.policy, p.position, l.holder, l.until, coalesce(e.pending, 0) as pending, e.due_since, coalesce(e.dead, 0) as dead \
         from work.policies p \
         left join work.leases l on l.name = p.policy and l.until > clock_timestamp() \
         left join (select policy, count(*) filter (where state = 'pending') as pending, \
                           min(due_at) filter (where state = 'pending' and due_at <= now()) as due_since, \
                           count(*) filter (where state = 'dead') as dead \
                    from work.effects where state in ('pending', 'dead') group by policy) e using (policy) \
         order by p.policy",
    )
    .fetch_all(pool)
    .await
}
