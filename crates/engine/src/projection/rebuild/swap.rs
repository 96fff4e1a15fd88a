//! Lets rebuilt tables serve, and the former ones again: one transaction that takes every lock or none.
//!
//! The order of the locks is the same everywhere. First those that only maintenance waits for (it yields to them), then
//! the lease and the checkpoint, at which the worker stops, and last, for no longer than [`table_patience`], the gate
//! and the tables, at which queries wait.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Executor, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::live::Live;
use super::pages::{Source, event_at};
use super::run::{self, Claim};
use super::shadow::{former_schema_of, schema_of};
use super::take::{Shadow, Stopped};
use super::{CLOSE, RebuildError};
use crate::database::{Databases, WORK, in_time};
use crate::personal::ERASES;
use crate::projection::Projection;
use crate::projection::failure::{is_deterministic, is_lock_timeout};

/// How long queries may be kept waiting for one that holds on to the tables, by how often that was tried in vain. Then
/// the swap gives way and tries again.
pub(super) fn table_patience(tries: u32) -> Duration {
    Duration::from_millis(100) * (tries + 1).min(5)
}

/// How long to wait for the worker's batch.
const WORKER_PATIENCE: &str = "set local lock_timeout = '2s'";
/// Another version of a projection serves, or the same anew, from its own place on.
const MOVE_CHECKPOINT: &str = "update read.checkpoints set version = $2, position = $3, epoch = $4, tables = $5, event_id = $6 where projection = $1";
/// Vacuum gives way after a second (`deadlock_timeout`), but not before.
const MAINTENANCE_PATIENCE: &str = "set local lock_timeout = '5s'";

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swapped {
    /// The new tables serve.
    Done {
        /// Their checkpoint.
        position: i64,
    },
    /// The live rows have moved on too far to be caught up with while everything waits.
    Behind,
    /// Somebody holds on to the tables or the checkpoint.
    InUse,
}

/// Puts the shadow's tables in the place of the live ones, or its one tenant's rows in theirs, at the position of the
/// live checkpoint or beyond it. To be run in a task that nobody drops.
pub(super) async fn swap<P: Projection>(
    shadow: Shadow<P>,
    source: Source<P>,
    from: i64,
    stopped: Stopped,
    patience: Duration,
) -> Result<Swapped, RebuildError> {
    let mut transaction = shadow.owner.read.begin().await?;
    match attempt(&mut transaction, &shadow, &source, from, stopped, patience).await {
        Ok(swapped @ Swapped::Done { .. }) => {
            transaction.commit().await?;
            Ok(swapped)
        }
        Ok(given_up) => {
            transaction.rollback().await?;
            Ok(given_up)
        }
        Err(RebuildError::Database(error)) if is_lock_timeout(&error) => {
            transaction.rollback().await?;
            Ok(Swapped::InUse)
        }
        // What the database refuses is found out and noted by an ordinary page.
        Err(RebuildError::Database(error)) if is_deterministic(&error) => {
            transaction.rollback().await?;
            Ok(Swapped::Behind)
        }
        Err(error) => {
            transaction.rollback().await?;
            Err(error)
        }
    }
}

async fn attempt<P: Projection>(
    transaction: &mut Transaction<'static, Postgres>,
    shadow: &Shadow<P>,
    source: &Source<P>,
    from: i64,
    stopped: Stopped,
    patience: Duration,
) -> Result<Swapped, RebuildError> {
    let is_whole = shadow.tenant.is_none();
    let log = &shadow.owner.log;
    if is_whole {
        let live = Live::read_within::<P>(transaction, log).await?.ok_or(RebuildError::NotInstalled(P::NAME))?;
        hold_off_maintenance(transaction, &live.tables).await?;
    }
    let live = stop_worker::<P>(transaction, log).await?;
    if live.version > P::VERSION || (!is_whole && !live.is_comparable::<P>()) {
        return Err(RebuildError::other_version::<P>(&live));
    }
    // A checkpoint of a lost timeline says nothing about the present one.
    let to = if live.is_on_timeline() { live.position.max(from) } else { from };
    if to - from > CLOSE {
        return Ok(Swapped::Behind);
    }
    let page = match &shadow.tenant {
        None => source.read(from, to).await?,
        Some(tenant) => source.read_tenant(tenant, shadow.tenant_position(tenant).await?, to).await?,
    };
    if page.to < to {
        return Ok(Swapped::Behind);
    }
    shadow.take_within(transaction, from, &page, &stopped).await?;
    transaction.execute("set local search_path to default").await?;
    match &shadow.tenant {
        None => {
            let place = Place { position: to, event_id: page.event_id };
            swap_tables::<P>(transaction, &shadow.claim, &live, place, patience).await?;
        }
        Some(tenant) => swap_tenant::<P>(transaction, &shadow.claim, tenant).await?,
    }
    Ok(Swapped::Done { position: to })
}

/// Keeps vacuum away from the tables, which else could hold on to them for as long as it takes: it yields to nobody who
/// gives up as soon as a swap does.
async fn hold_off_maintenance(connection: &mut PgConnection, tables: &[String]) -> sqlx::Result<()> {
    connection.execute(MAINTENANCE_PATIENCE).await?;
    let tables = qualified("read", tables);
    connection.execute(format!("lock table {tables} in share update exclusive mode").as_str()).await?;
    Ok(())
}

/// Takes the lease from whoever holds it, so that it begins anew from what it finds afterwards, and the checkpoint.
async fn stop_worker<P: Projection>(connection: &mut PgConnection, log: &PgPool) -> Result<Live, RebuildError> {
    connection.execute(WORKER_PATIENCE).await?;
    sqlx::query(
        "insert into read.leases as l (projection, holder, fence, until) values ($1, gen_random_uuid(), 1, '-infinity') \
         on conflict (projection) do update set fence = l.fence + 1, until = '-infinity'",
    )
    .bind(P::NAME)
    .execute(&mut *connection)
    .await?;
    sqlx::query("select from read.checkpoints where projection = $1 for update")
        .bind(P::NAME)
        .execute(&mut *connection)
        .await?;
    Live::read_within::<P>(connection, log).await?.ok_or(RebuildError::NotInstalled(P::NAME))
}

/// Where the new tables go on from.
#[derive(Clone, Copy)]
struct Place {
    position: i64,
    event_id: Option<Uuid>,
}

async fn swap_tables<P: Projection>(
    connection: &mut PgConnection,
    claim: &Claim,
    live: &Live,
    place: Place,
    patience: Duration,
) -> sqlx::Result<()> {
    let (shadow, former) = (&claim.schema, former_schema_of(claim.run));
    let tables = &live.tables;
    connection
        .execute(
            format!(
                "create schema {former}; \
                 create table {former}.progress (like read.progress including all); \
                 create table {former}.stalls (like read.stalls including all); \
                 insert into {former}.progress select * from read.progress where projection = '{0}'; \
                 insert into {former}.stalls select * from read.stalls where projection = '{0}'",
                P::NAME
            )
            .as_str(),
        )
        .await?;
    restore_bookkeeping(connection, P::NAME, &format!("{shadow}.reached"), &format!("{shadow}.stalls"), None).await?;
    sqlx::query(MOVE_CHECKPOINT)
        .bind(P::NAME)
        .bind(P::VERSION)
        .bind(place.position)
        .bind(live.present)
        .bind(P::TABLES)
        .bind(place.event_id)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "update rebuild.runs set former_version = $2, former_position = $3, former_epoch = $4, former_tables = $5, \
                                 former_event_id = $6, has_former = true where run = $1",
    )
    .bind(claim.run)
    .bind(live.version)
    .bind(live.position)
    .bind(live.epoch)
    .bind(tables)
    .bind(live.event_id)
    .execute(&mut *connection)
    .await?;
    lock_tables(connection, tables, patience).await?;
    move_tables(connection, "read", &former, tables).await?;
    let new: Vec<String> = P::TABLES.iter().map(|table| (*table).to_owned()).collect();
    move_tables(connection, shadow, "read", &new).await?;
    run::close(connection, claim.run, "swapped").await?;
    notify(connection, P::NAME).await
}

async fn swap_tenant<P: Projection>(
    connection: &mut PgConnection,
    claim: &Claim,
    tenant: &Arc<str>,
) -> sqlx::Result<()> {
    let shadow = &claim.schema;
    for table in P::TABLES {
        sqlx::query(&format!("delete from read.{table} where tenant_id = $1"))
            .bind(&**tenant)
            .execute(&mut *connection)
            .await?;
    }
    for table in P::TABLES {
        let columns: String = sqlx::query_scalar(
            "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute \
             where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attgenerated = ''",
        )
        .bind(format!("{shadow}.{table}"))
        .fetch_one(&mut *connection)
        .await?;
        connection
            .execute(format!("insert into read.{table} ({columns}) select {columns} from {shadow}.{table}").as_str())
            .await?;
    }
    let (reached, stalls) = (format!("{shadow}.reached"), format!("{shadow}.stalls"));
    restore_bookkeeping(connection, P::NAME, &reached, &stalls, Some(tenant)).await?;
    run::close(connection, claim.run, "swapped").await?;
    notify(connection, P::NAME).await
}

/// Makes progress and stalls of the projection what these tables say; of one tenant, or of all. What is so already is
/// left alone, and a stall that stays has been there since it first was.
async fn restore_bookkeeping(
    connection: &mut PgConnection,
    projection: &str,
    reached: &str,
    stalls: &str,
    tenant: Option<&str>,
) -> sqlx::Result<()> {
    let statements = [
        format!(
            "delete from read.progress p where projection = $1 and ($2::text is null or tenant_id = $2) \
             and not exists (select from {reached} n where n.tenant_id = p.tenant_id)"
        ),
        format!(
            "insert into read.progress as p (tenant_id, projection, tenant_position) \
             select tenant_id, $1, tenant_position from {reached} where $2::text is null or tenant_id = $2 \
             on conflict (tenant_id, projection) do update set tenant_position = excluded.tenant_position \
             where p.tenant_position <> excluded.tenant_position"
        ),
        format!(
            "delete from read.stalls o where projection = $1 and ($2::text is null or tenant_id = $2) \
             and not exists (select from {stalls} n where n.tenant_id = o.tenant_id and n.position = o.position)"
        ),
        format!(
            "insert into read.stalls select n.* from {stalls} n where projection = $1 and ($2::text is null or tenant_id = $2) \
             on conflict (tenant_id, projection) do update set error = excluded.error"
        ),
    ];
    for statement in statements {
        sqlx::query(&statement).bind(projection).bind(tenant).execute(&mut *connection).await?;
    }
    Ok(())
}

/// From here to the end of the transaction queries wait.
async fn lock_tables(connection: &mut PgConnection, tables: &[String], patience: Duration) -> sqlx::Result<()> {
    connection.execute(format!("set local lock_timeout = {}", patience.as_millis()).as_str()).await?;
    let tables = qualified("read", tables);
    connection.execute(format!("lock table read.gate, {tables} in access exclusive mode").as_str()).await?;
    Ok(())
}

/// Indexes, policies, grants and statistics go with a table.
async fn move_tables(connection: &mut PgConnection, from: &str, to: &str, tables: &[String]) -> sqlx::Result<()> {
    for table in tables {
        connection.execute(format!("alter table {from}.\"{table}\" set schema {to}").as_str()).await?;
    }
    Ok(())
}

/// Tells waiting queries to ask again how far the projection is.
async fn notify(connection: &mut PgConnection, projection: &str) -> sqlx::Result<()> {
    sqlx::query("select pg_notify('tidemark_read', $1)").bind(projection).execute(connection).await?;
    Ok(())
}

fn qualified(schema: &str, tables: &[String]) -> String {
    tables.iter().map(|table| format!("{schema}.\"{table}\"")).collect::<Vec<_>>().join(", ")
}

#[derive(sqlx::FromRow)]
struct Former {
    run: i64,
    former_version: i32,
    former_position: i64,
    former_epoch: i32,
    former_event_id: Option<Uuid>,
    former_tables: Vec<String>,
}

/// Lets the tables serve again that did before the last swap, at the place where they were, in one try.
pub(super) async fn roll_back<P: Projection>(owner: Databases, patience: Duration) -> Result<Swapped, RebuildError> {
    let mut transaction = owner.read.begin().await?;
    match try_roll_back::<P>(&mut transaction, &owner.log, patience).await {
        Ok(position) => {
            transaction.commit().await?;
            Ok(Swapped::Done { position })
        }
        Err(RebuildError::Database(error)) if is_lock_timeout(&error) => {
            transaction.rollback().await?;
            Ok(Swapped::InUse)
        }
        Err(error) => {
            transaction.rollback().await?;
            Err(error)
        }
    }
}

/// Whether somebody whose data the projection follows was erased after `position`, or a tenant with everybody in it.
async fn has_erased_since<P: Projection>(log: &PgPool, position: i64) -> sqlx::Result<bool> {
    let asked = sqlx::query_scalar(
        "select exists (select from log.events where position > $1 and aggregate_type = any ($2) and metadata->>$3 is not null) \
             or exists (select from log.deletions where last_position > $1)",
    )
    .bind(position)
    .bind(P::FOLLOWS)
    .bind(ERASES);
    in_time(WORK, asked.fetch_one(log)).await
}

async fn try_roll_back<P: Projection>(
    connection: &mut PgConnection,
    log: &PgPool,
    patience: Duration,
) -> Result<i64, RebuildError> {
    let former: Option<Former> = sqlx::query_as(
        "select run, former_version, former_position, former_epoch, former_event_id, former_tables from rebuild.runs \
         where projection = $1 and state = 'swapped' and has_former order by run desc limit 1",
    )
    .bind(P::NAME)
    .fetch_optional(&mut *connection)
    .await?;
    let former = former.ok_or(RebuildError::NothingToRollBack(P::NAME))?;
    let served = Live::read_within::<P>(connection, log).await?.ok_or(RebuildError::NotInstalled(P::NAME))?.tables;
    hold_off_maintenance(connection, &served).await?;
    let present = stop_worker::<P>(connection, log).await?.present;
    let is_of_the_log = match former.former_event_id {
        Some(event_id) => event_at(log, former.former_position).await? == Some(event_id),
        None => true,
    };
    if present != former.former_epoch || !is_of_the_log {
        return Err(RebuildError::FormerOfAnotherEpoch(P::NAME));
    }
    if has_erased_since::<P>(log, former.former_position).await? {
        return Err(RebuildError::FormerShowsErased(P::NAME));
    }
    let (schema, undone) = (former_schema_of(former.run), schema_of(former.run));
    let (reached, stalls) = (format!("{schema}.progress"), format!("{schema}.stalls"));
    restore_bookkeeping(connection, P::NAME, &reached, &stalls, None).await?;
    sqlx::query(MOVE_CHECKPOINT)
        .bind(P::NAME)
        .bind(former.former_version)
        .bind(former.former_position)
        .bind(former.former_epoch)
        .bind(&former.former_tables)
        .bind(former.former_event_id)
        .execute(&mut *connection)
        .await?;
    connection.execute(format!("create schema {undone}").as_str()).await?;
    lock_tables(connection, &served, patience).await?;
    move_tables(connection, "read", &undone, &served).await?;
    move_tables(connection, &schema, "read", &former.former_tables).await?;
    drop_former_of(connection, former.run).await?;
    run::close(connection, former.run, "rolled back").await?;
    notify(connection, P::NAME).await?;
    Ok(former.former_position)
}

/// Drops what served before a run's swap.
pub(super) async fn drop_former_of(connection: &mut PgConnection, run: i64) -> sqlx::Result<()> {
    connection.execute(format!("drop schema if exists {} cascade", former_schema_of(run)).as_str()).await?;
    sqlx::query("update rebuild.runs set has_former = false where run = $1").bind(run).execute(connection).await?;
    Ok(())
}

/// Drops what served before the swaps of a projection, but for the last `keep` of them; says how many there were. It
/// gives way to whoever reads them still, a dump perhaps.
pub(super) async fn drop_formers(owner: PgPool, projection: &str, keep: i64) -> sqlx::Result<usize> {
    let runs: Vec<i64> = sqlx::query_scalar(
        "select run from rebuild.runs where projection = $1 and has_former order by run desc offset $2",
    )
    .bind(projection)
    .bind(keep)
    .fetch_all(&owner)
    .await?;
    for run in &runs {
        let mut transaction = owner.begin().await?;
        transaction.execute(WORKER_PATIENCE).await?;
        drop_former_of(&mut transaction, *run).await?;
        transaction.commit().await?;
    }
    Ok(runs.len())
}
