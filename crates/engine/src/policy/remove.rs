//! Takes a policy out whose code is gone: its checkpoint stands for ever, and the deletion of a tenant would wait for it.

use sqlx::PgPool;

/// What became of a policy that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is gone, and so many effects that it had still wanted are dropped.
    Done {
        /// Pending ones and dead letters.
        dropped: u64,
    },
    /// Somebody runs it; nothing was changed.
    Held,
    /// There is none of that name.
    Absent,
}

/// Removes a policy, and drops what it had still wanted, on record as `operator`'s doing: all or nothing. The caller knows that no
/// version that is to run again has it. Runs as the owner.
///
/// # Errors
/// When the database is away.
pub async fn remove(owner: &PgPool, policy: &str, operator: &str) -> sqlx::Result<Removal> {
    let mut transaction = owner.begin().await?;
    // Whoever takes the lease from here on waits, and finds no checkpoint then.
    let is_free = sqlx::query(
        "insert into work.leases as l (name, holder, fence, until) values ($1, gen_random_uuid(), 1, '-infinity') \
         on conflict (name) do update set fence = l.fence + 1, until = '-infinity' where l.until <= clock_timestamp()",
    )
    .bind(policy)
    .execute(&mut *transaction)
    .await?;
    if is_free.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(Removal::Held);
    }
    let removed =
        sqlx::query("delete from work.policies where policy = $1").bind(policy).execute(&mut *transaction).await?;
    if removed.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(Removal::Absent);
    }
    let dropped = sqlx::query(
        "update work.effects set state = 'dropped', dropped_by = $2, note = 'its policy was removed', settled_at = clock_timestamp() \
         where policy = $1 and state in ('pending', 'dead')",
    )
    .bind(policy)
    .bind(operator)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("delete from work.leases where name = $1").bind(policy).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Removal::Done { dropped: dropped.rows_affected() })
}
