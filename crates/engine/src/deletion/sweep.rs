//! Rows of a tenant in every table that has some, whoever's they are: found in the catalog, so that no list falls behind.

use std::collections::VecDeque;

use sqlx::{FromRow, PgPool};

use super::Ledger;
use crate::database::Databases;

/// Pages of a table without an index on tenants that one step looks through.
const PAGES: i64 = 4_096;

/// A way through all tables of a database, again and again until one found nothing; and of the next one, if there is one.
#[derive(Debug)]
pub(super) struct Sweep {
    sides: VecDeque<Side>,
    tables: VecDeque<Table>,
    /// Where the first table is looked through next.
    page: i64,
    has_found_any: bool,
}

/// A database, and where it is counted what goes there.
#[derive(Debug, Clone)]
struct Side {
    owner: PgPool,
    ledger: Ledger,
}

/// A table with a column `tenant_id`.
#[derive(Debug, FromRow)]
struct Table {
    /// With its schema, quoted.
    name: String,
    /// Whether an index begins with the column.
    is_indexed: bool,
}

impl Sweep {
    /// Gathers the tables of both databases: what a former home of the read models still has of the tenant goes, too. Before that,
    /// whoever makes a read model anew and has not come to the tenant's last event at `last` is stopped at its next page, which it
    /// may hold in memory; the next run takes it up again and meets stones.
    pub(super) async fn begin(owner: &Databases, tenant: &str, last: i64) -> sqlx::Result<Self> {
        let log = Side { owner: owner.log.clone(), ledger: Ledger::Log };
        let read = Side { owner: owner.read.clone(), ledger: Ledger::Read };
        if !owner.are_two() {
            stop_writers(&log, tenant, last).await?;
            return Self::through(VecDeque::from([log])).await;
        }
        stop_writers(&read, tenant, last).await?;
        Self::through(VecDeque::from([log, read])).await
    }

    /// Only of a database of the read models' own.
    pub(super) async fn of_read_models(owner: &Databases, tenant: &str, last: i64) -> sqlx::Result<Self> {
        let read = Side { owner: owner.read.clone(), ledger: Ledger::Read };
        stop_writers(&read, tenant, last).await?;
        Self::through(VecDeque::from([read])).await
    }

    async fn through(sides: VecDeque<Side>) -> sqlx::Result<Self> {
        let tables = match sides.front() {
            Some(side) => {
                wait_for_rebuilds(side).await?;
                tables(&side.owner).await?
            }
            None => VecDeque::new(),
        };
        Ok(Self { sides, tables, page: 0, has_found_any: false })
    }

    /// Removes some rows of one table.
    pub(super) async fn step(&mut self, tenant: &str, batch: i64) -> sqlx::Result<Swept> {
        let Some(side) = self.sides.front() else { return Ok(Swept::Through) };
        let Some(table) = self.tables.front() else {
            let mut left = self.sides.clone();
            if !self.has_found_any {
                left.pop_front();
            }
            *self = Self::through(left).await?;
            return Ok(Swept::Again);
        };
        let removed = match remove(side, table, tenant, self.page, batch).await {
            Ok(removed) => removed,
            // A rebuild has put the table elsewhere, or dropped it: where it is now, the next way through finds out.
            Err(error) if is_gone(&error) => Removed { rows: 0, is_through: true, is_somewhere_else: true },
            Err(error) => return Err(error),
        };
        let name = table.name.clone();
        self.has_found_any |= removed.rows > 0 || removed.is_somewhere_else;
        self.page += PAGES;
        if removed.is_through {
            self.tables.pop_front();
            self.page = 0;
        }
        Ok(Swept::Removed { table: name, rows: removed.rows })
    }
}

/// What a step has come to.
pub(super) enum Swept {
    /// Rows of this table are gone.
    Removed { table: String, rows: i64 },
    /// Something was found on the way through, so there is another.
    Again,
    /// Nothing was found on the whole way through.
    Through,
}

/// Stops whoever could still write rows of the tenant's events, which it may hold in memory.
async fn stop_writers(side: &Side, tenant: &str, last: i64) -> sqlx::Result<()> {
    sqlx::query(
        "update rebuild.runs set fence = fence + 1 where state = 'open' and position < $1 and (tenant is null or tenant = $2)",
    )
    .bind(last)
    .bind(tenant)
    .execute(&side.owner)
    .await?;
    forget_stalls(side, tenant).await
}

/// Waits for whoever is writing into a shadow, each of whose transactions holds the row of its run. One that has read rows of the tenant
/// before they went may be about to write what follows from them, and is not seen before it has ended. Whoever begins after this
/// finds nothing of the tenant that the way through does not find, too.
async fn wait_for_rebuilds(side: &Side) -> sqlx::Result<()> {
    let open: Vec<i64> =
        sqlx::query_scalar("select run from rebuild.runs where state = 'open'").fetch_all(&side.owner).await?;
    // One after another, so that none is held up while another is waited for.
    for run in open {
        let waited = sqlx::query("select from rebuild.runs where run = $1 for share").bind(run);
        waited.execute(&side.owner).await?;
    }
    Ok(())
}

/// A worker holds in memory for whom its projection has stopped, so it has to take its lease anew.
async fn forget_stalls(side: &Side, tenant: &str) -> sqlx::Result<()> {
    let mut transaction = side.owner.begin().await?;
    let stopped: Vec<String> = sqlx::query_scalar("delete from read.stalls where tenant_id = $1 returning projection")
        .bind(tenant)
        .fetch_all(&mut *transaction)
        .await?;
    sqlx::query("update read.leases set fence = fence + 1, until = '-infinity' where projection = any ($1)")
        .bind(&stopped)
        .execute(&mut *transaction)
        .await?;
    let rows = stopped.len().try_into().unwrap_or(i64::MAX);
    side.ledger.count(&mut transaction, tenant, "read.stalls", rows).await?;
    transaction.commit().await
}

/// What one look at a table has come to.
struct Removed {
    rows: i64,
    is_through: bool,
    is_somewhere_else: bool,
}

async fn remove(side: &Side, table: &Table, tenant: &str, page: i64, batch: i64) -> sqlx::Result<Removed> {
    let name = &table.name;
    let mut transaction = side.owner.begin().await?;
    let (rows, is_through) = if table.is_indexed {
        let sql = format!(
            "delete from {name} where ctid = any (array(select ctid from {name} where tenant_id = $1 limit $2))"
        );
        let gone = sqlx::query(&sql).bind(tenant).bind(batch).execute(&mut *transaction).await?;
        let rows = gone.rows_affected().cast_signed();
        (rows, rows < batch)
    } else {
        let sql = format!("delete from {name} where tenant_id = $1 and ctid >= $2::text::tid and ctid < $3::text::tid");
        let gone = sqlx::query(&sql)
            .bind(tenant)
            .bind(format!("({page},0)"))
            .bind(format!("({},0)", page + PAGES))
            .execute(&mut *transaction)
            .await?;
        let pages: i64 =
            sqlx::query_scalar(&format!("select pg_relation_size('{name}') / current_setting('block_size')::bigint"))
                .fetch_one(&mut *transaction)
                .await?;
        (gone.rows_affected().cast_signed(), page + PAGES >= pages)
    };
    side.ledger.count(&mut transaction, tenant, name, rows).await?;
    transaction.commit().await?;
    Ok(Removed { rows, is_through, is_somewhere_else: false })
}

/// All tables of ours that have rows of tenants, those that triggers keep last. The log's events stay, as stones, and what tells of
/// the deletion; and how far a projection has come in the tenant's log, which follows from the stones.
async fn tables(owner: &PgPool) -> sqlx::Result<VecDeque<Table>> {
    let tables: Vec<Table> = sqlx::query_as(
        "select format('%I.%I', n.nspname, c.relname) as name, \
                exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum and i.indisvalid and i.indpred is null) as is_indexed \
         from pg_class c join pg_namespace n on n.oid = c.relnamespace \
              join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped \
         where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^(pg_|information_schema$|public$)' \
           and (n.nspname, c.relname) not in (('log', 'events'), ('log', 'deletions'), ('read', 'deletions')) \
           and not (n.nspname ~ '^(read|rebuild_[0-9]+|former_[0-9]+)$' and c.relname = 'progress') \
         order by n.nspname = 'tenancy', 1",
    )
    .fetch_all(owner)
    .await?;
    Ok(tables.into())
}

/// Whether there is no such table, or schema, any more.
fn is_gone(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "42P01" || code == "3F000")
}
