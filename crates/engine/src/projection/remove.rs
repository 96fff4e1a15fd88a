//! Takes a projection out whose code is gone. Nobody folds its rows any more, so no erasure reaches them, and the deletion of a
//! tenant would wait for it for ever.

use sqlx::{Executor, PgConnection, PgPool};

use super::failure::is_lock_timeout;

/// What became of a projection that was to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// It is gone, and so are these tables, which no other has. What an operator has let it pass over stays on record.
    Done {
        /// Those that served, unqualified.
        tables: Vec<String>,
    },
    /// Somebody folds it, or makes it anew; nothing was changed.
    Held,
    /// A table of it, or a query, is in somebody's hands; nothing was changed, and it may be tried again.
    InUse,
    /// There is none of that name.
    Absent,
}

/// Removes a projection with its tables and those of its rebuilds, all or nothing. The caller knows that no version that is to run
/// again folds it. `owner` connects to the database of the read models.
///
/// # Errors
/// When the database is away.
pub async fn remove(owner: &PgPool, projection: &str) -> sqlx::Result<Removal> {
    let (owner, projection) = (owner.clone(), projection.to_owned());
    let removing = tokio::spawn(async move {
        let mut transaction = owner.begin().await?;
        let removal = match remove_within(&mut transaction, &projection).await {
            Err(error) if is_lock_timeout(&error) => Removal::InUse,
            removed => removed?,
        };
        match removal {
            Removal::Done { .. } => transaction.commit().await?,
            Removal::Held | Removal::InUse | Removal::Absent => transaction.rollback().await?,
        }
        Ok(removal)
    });
    removing.await.map_err(|panic| sqlx::Error::Protocol(panic.to_string()))?
}

async fn remove_within(connection: &mut PgConnection, projection: &str) -> sqlx::Result<Removal> {
    // Queries wait behind it, so it gives up soon, and the caller may ask again.
    connection.execute("set local lock_timeout = '500ms'").await?;
    let is_rebuilt: bool =
        sqlx::query_scalar("select not pg_try_advisory_xact_lock(hashtextextended('tidemark rebuild ' || $1, 0))")
            .bind(projection)
            .fetch_one(&mut *connection)
            .await?;
    // Whoever takes the lease from here on waits, and finds no checkpoint then.
    let is_free = sqlx::query(
        "insert into read.leases as l (projection, holder, fence, until) values ($1, gen_random_uuid(), 1, '-infinity') \
         on conflict (projection) do update set fence = l.fence + 1, until = '-infinity' where l.until <= clock_timestamp()",
    )
    .bind(projection)
    .execute(&mut *connection)
    .await?;
    if is_rebuilt || is_free.rows_affected() == 0 {
        return Ok(Removal::Held);
    }
    let tables: Option<Vec<String>> = sqlx::query_scalar(
        "select array(select t.name from unnest(c.tables) as t(name) \
                      where not exists (select from read.checkpoints o where o.projection <> c.projection and t.name = any (o.tables))) \
         from read.checkpoints c where c.projection = $1 for update",
    )
    .bind(projection)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(tables) = tables else { return Ok(Removal::Absent) };
    let dropping: Vec<String> = sqlx::query_scalar(
        "select format('drop table if exists read.%I', t.name) from unnest($2::text[]) as t(name) \
         union all \
         select format('drop schema %I cascade', n.nspname) from pg_namespace n join rebuild.runs r \
                on n.nspname in ('rebuild_' || r.run, 'former_' || r.run) where r.projection = $1",
    )
    .bind(projection)
    .bind(&tables)
    .fetch_all(&mut *connection)
    .await?;
    // As a swap does: no query is between its snapshot and the tables that its names find.
    connection.execute("lock table read.gate in access exclusive mode").await?;
    for statement in dropping {
        connection.execute(statement.as_str()).await?;
    }
    for table in ["read.checkpoints", "read.progress", "read.stalls", "read.leases", "rebuild.runs"] {
        let forgetting = format!("delete from {table} where projection = $1");
        sqlx::query(&forgetting).bind(projection).execute(&mut *connection).await?;
    }
    Ok(Removal::Done { tables })
}
