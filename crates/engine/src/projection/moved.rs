//! What a move of the read models to a database of their own has left in the log's: nobody folds it any more, so no erasure
//! reaches it.

use sqlx::{Executor, PgPool};

use crate::database::{ANSWER, Databases, in_time};

/// Whether the read models of this log were installed in a database of their own, so that those that may still be in the log's
/// are no longer folded. Whoever reads the log may ask.
///
/// # Errors
/// When the database is away.
pub async fn have_moved_away(log: &PgPool) -> sqlx::Result<bool> {
    let asked = sqlx::query_scalar("select read_models_are_elsewhere from log.identity").fetch_one(log);
    match in_time(ANSWER, asked).await {
        Err(error) if is_missing_or_closed(&error) => Ok(false),
        asked => asked,
    }
}

/// Says in the log where its read models are, now that they are installed there.
pub(super) async fn note_home(owner: &Databases) -> sqlx::Result<()> {
    let is_elsewhere = owner.are_two() && !are_one(owner).await?;
    let said = "update log.identity set read_models_are_elsewhere = $1 where read_models_are_elsewhere <> $1";
    sqlx::query(said).bind(is_elsewhere).execute(&owner.log).await.map(drop)
}

/// Whether the read models of this log lie in a database of their own, as far as the log's own can tell: so it was said, or it has
/// events, but nothing was ever folded here, or what was is dropped.
///
/// # Errors
/// When the database is away.
pub async fn are_elsewhere(log: &PgPool) -> sqlx::Result<bool> {
    if have_moved_away(log).await? {
        return Ok(true);
    }
    let asked = "select not exists (select from read.source) and not exists (select from read.checkpoints) \
                        and exists (select from log.events)";
    match sqlx::query_scalar(asked).fetch_one(log).await {
        // Before there could be two, or for a role that may not look.
        Err(error) if is_missing_or_closed(&error) => Ok(false),
        asked => asked,
    }
}

/// Whether what is named as the database of the read models has a log of its own, with something in it.
///
/// # Errors
/// When a database is away.
pub async fn holds_another_log(databases: &Databases) -> sqlx::Result<bool> {
    if !databases.are_two() || are_one(databases).await? {
        return Ok(false);
    }
    match sqlx::query_scalar("select exists (select from log.events)").fetch_one(&databases.read).await {
        Err(error) if is_missing_or_closed(&error) => Ok(false),
        asked => asked,
    }
}

fn is_missing_or_closed(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| matches!(&*code, "42P01" | "42703" | "3F000" | "42501"))
}

/// The projections that still lie in the database of the log, though the read models have one of their own.
///
/// # Errors
/// When the database is away.
pub async fn left_behind(databases: &Databases) -> sqlx::Result<Vec<String>> {
    if !databases.are_two() || are_one(databases).await? {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("select projection from read.checkpoints order by projection").fetch_all(&databases.log).await
}

/// Those of them that have not come as far in their new home: whoever still reads the former one would miss something.
///
/// # Errors
/// When a database is away.
pub async fn not_moved_yet(databases: &Databases) -> sqlx::Result<Vec<String>> {
    let asked = "select projection, epoch, position from read.checkpoints order by projection";
    let left: Vec<(String, i32, i64)> = sqlx::query_as(asked).fetch_all(&databases.log).await?;
    let moved: Vec<(String, i32, i64)> = sqlx::query_as(asked).fetch_all(&databases.read).await?;
    let is_ahead = |(name, epoch, position): &(String, i32, i64)| {
        moved.iter().any(|(other, of, reached)| other == name && of == epoch && reached < position)
    };
    Ok(left.into_iter().filter(is_ahead).map(|(name, ..)| name).collect())
}

/// Drops them with their tables, and those of rebuilds; says which there were. What an operator has let pass stays on record.
///
/// # Errors
/// When the database is away, or a table is in use for too long.
pub async fn drop_left_behind(owner: &Databases) -> sqlx::Result<Vec<String>> {
    let left = left_behind(owner).await?;
    if left.is_empty() {
        return Ok(left);
    }
    let log = owner.log.clone();
    tokio::spawn(async move { drop_all(&log).await })
        .await
        .map_err(|panic| sqlx::Error::Protocol(panic.to_string()))??;
    Ok(left)
}

async fn drop_all(owner: &PgPool) -> sqlx::Result<()> {
    let mut transaction = owner.begin().await?;
    transaction.execute("set local lock_timeout = '5s'").await?;
    let dropping: Vec<String> = sqlx::query_scalar(
        "select format('drop table if exists read.%I', t.name) from read.checkpoints c, unnest(c.tables) as t(name) \
         union all select format('drop schema %I cascade', nspname) from pg_namespace where nspname ~ '^(rebuild|former)_[0-9]+$'",
    )
    .fetch_all(&mut *transaction)
    .await?;
    for statement in dropping {
        transaction.execute(statement.as_str()).await?;
    }
    transaction
        .execute("delete from read.checkpoints; delete from read.progress; delete from read.stalls; delete from read.leases; delete from rebuild.runs; delete from read.source")
        .await?;
    transaction.commit().await
}

/// Whether two URLs name the same database: a lock that is taken by the one way cannot be had by the other.
async fn are_one(databases: &Databases) -> sqlx::Result<bool> {
    let mut held = databases.log.begin().await?;
    let key: i64 =
        sqlx::query_scalar("select hashtextextended(gen_random_uuid()::text, 0)").fetch_one(&mut *held).await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(key).execute(&mut *held).await?;
    let mut tried = databases.read.begin().await?;
    let is_free: bool =
        sqlx::query_scalar("select pg_try_advisory_xact_lock($1)").bind(key).fetch_one(&mut *tried).await?;
    tried.rollback().await?;
    held.rollback().await?;
    Ok(!is_free)
}
