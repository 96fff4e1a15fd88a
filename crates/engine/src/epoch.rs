//! Raising the epoch: what an operator does after history was cut, by a restore to an earlier point or a failover with loss.
//!
//! Every place that was ever given out (a checkpoint, a message, a client's position) carries the epoch it is of. Raising it
//! names the fork: what lies at or before it is common to both histories, what lay behind it in the lost one never was. From
//! then on the log takes appends again; processes start anew, the relay makes its stream anew, and lost positions are refused.

use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use crate::database::{ANSWER, Databases, in_time};
use crate::log::{Condition, Refuses, condition};

/// The lock under which everything is appended; `log.enter` takes the same.
const APPENDS: i64 = 7_953_749_933_313_450_591;

/// Why the epoch was not raised. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RaiseError {
    /// The database is away or refuses.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// It takes no writes.
    #[error("the database is read-only: promote it first")]
    ReadOnly,
    /// The fork is no place in this log.
    #[error("the histories cannot have parted at {fork}: this log ends at {head}")]
    NoSuchPlace {
        /// Where they were said to have parted.
        fork: i64,
        /// The last position.
        head: i64,
    },
}

/// Where the log is, before anything is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// Its epoch.
    pub epoch: i32,
    /// Its last position.
    pub head: i64,
    /// Why it takes no appends, if it takes none.
    pub refuses: Option<Refuses>,
}

/// What raising the epoch came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Raised {
    /// The present epoch.
    pub epoch: i32,
    /// The last position of the history that is kept.
    pub fork: i64,
    /// Answers to commands that have not happened.
    pub forgotten_answers: u64,
    /// Effects of events that have not happened, which nobody will carry out now.
    pub dropped_effects: u64,
    /// Sessions of people who have never been.
    pub ended_sessions: u64,
    /// Policies that have reacted to what has not happened; they go on from the fork.
    pub policies: Vec<String>,
}

/// Where the log is.
///
/// # Errors
/// When the database is away or was never migrated.
pub async fn present(pool: &PgPool) -> sqlx::Result<Present> {
    let Condition { head, refuses } = condition(pool).await?;
    Ok(Present { epoch: crate::log::epoch(pool).await?, head, refuses })
}

/// Raises the epoch on this server and timeline, in one transaction under the lock of all appends. The histories have parted
/// after position `fork`; `None` means at the end of the log, where nothing was appended since it was cut. `operator` is
/// written down where something is dropped.
///
/// # Errors
/// See [`RaiseError`].
pub async fn raise(owner: &PgPool, fork: Option<i64>, operator: &str) -> Result<Raised, RaiseError> {
    if condition(owner).await?.refuses == Some(Refuses::ReadOnly) {
        return Err(RaiseError::ReadOnly);
    }
    let mut transaction = owner.begin().await?;
    // In a statement of its own, so that those that follow see all that was appended.
    sqlx::query("select pg_advisory_xact_lock($1)").bind(APPENDS).execute(&mut *transaction).await?;
    let head: i64 =
        sqlx::query_scalar("select coalesce(max(position), 0) from log.events").fetch_one(&mut *transaction).await?;
    let fork = fork.unwrap_or(head);
    if !(0..=head).contains(&fork) {
        return Err(RaiseError::NoSuchPlace { fork, head });
    }
    let epoch: i32 = sqlx::query_scalar(
        "insert into log.epochs (epoch, from_position, system_identifier, timeline) \
         select (select max(epoch) + 1 from log.epochs), $1, system_identifier::text, substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) \
         from pg_control_system() returning epoch",
    )
    .bind(fork)
    .fetch_one(&mut *transaction)
    .await?;
    // What was kept beside a log that was longer. A whole database that was restored has nothing of it.
    let forgotten = sqlx::query("delete from log.idempotency_keys where position > $1")
        .bind(head)
        .execute(&mut *transaction)
        .await?;
    // None is read that is of a lost event; those that are not are soon written again.
    sqlx::query("delete from log.snapshots").execute(&mut *transaction).await?;
    let dropped = sqlx::query(
        "update work.effects f set state = 'dropped', dropped_by = $2, note = 'its event was lost when history was cut', settled_at = clock_timestamp() \
         where f.state in ('pending', 'dead') and f.position > $1 \
           and not exists (select from log.events e where e.position = f.position and e.event_id = f.event_id)",
    )
    .bind(fork)
    .bind(operator)
    .execute(&mut *transaction)
    .await?;
    let sessions: i64 = sqlx::query_scalar("select log.forget_lost_people()").fetch_one(&mut *transaction).await?;
    let policies = sqlx::query_scalar("select policy from work.policies where position > $1 order by policy")
        .bind(fork)
        .fetch_all(&mut *transaction)
        .await?;
    sqlx::query("select pg_notify('tidemark_log', $1::text)").bind(head).execute(&mut *transaction).await?;
    transaction.commit().await?;
    let (forgotten_answers, dropped_effects) = (forgotten.rows_affected(), dropped.rows_affected());
    let ended_sessions = u64::try_from(sessions).unwrap_or_default();
    Ok(Raised { epoch, fork, forgotten_answers, dropped_effects, ended_sessions, policies })
}

/// The read models that show what has not happened: they are not folded any more, and have to be rebuilt. It is asked after the
/// epoch was raised, for commands need not wait until the read models can be asked.
///
/// # Errors
/// When their database is away.
pub async fn ahead(databases: &Databases, raised: &Raised) -> sqlx::Result<Vec<String>> {
    let asked = "select projection, position, event_id from read.checkpoints where epoch < $1 order by projection";
    let asked = sqlx::query_as(asked).bind(raised.epoch).fetch_all(&databases.read);
    let checkpoints: Vec<(String, i64, Option<Uuid>)> = in_time(ANSWER, asked).await?;
    let asked = sqlx::query_as("select position, event_id from log.events where position = any ($1)");
    let positions: Vec<i64> = checkpoints.iter().map(|(_, position, _)| *position).collect();
    let events: Vec<(i64, Uuid)> = in_time(ANSWER, asked.bind(positions).fetch_all(&databases.log)).await?;
    // A log that has outgrown them has other events where they are.
    let is_ahead = |(_, position, event): &(String, i64, Option<Uuid>)| {
        *position > raised.fork || event.is_some_and(|event| !events.contains(&(*position, event)))
    };
    Ok(checkpoints.into_iter().filter(is_ahead).map(|(name, ..)| name).collect())
}
