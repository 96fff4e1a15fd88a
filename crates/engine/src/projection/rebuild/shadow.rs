//! The shadow of a read model: the same tables in a schema of their own, which no service role may enter.

use sqlx::{Executor, PgConnection, PgPool};

use super::RebuildError;
use crate::projection::install::{create_tables, secure_tables};
use crate::projection::{Definition, Projection};

/// The schema of a run's shadow.
pub(super) fn schema_of(run: i64) -> String {
    format!("rebuild_{run}")
}

/// The schema of the tables that served before a run's swap.
pub(super) fn former_schema_of(run: i64) -> String {
    format!("former_{run}")
}

/// How much of a page a table's first rows leave free while it is filled, so that what changes stays on its page and no
/// index has to hear of it.
const FILL_FACTOR: u32 = 50;

/// What a shadow is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Many rows, of which each may be written again and again.
    Large,
    /// The rows of one tenant, or such as are written once.
    Small,
}

/// Makes the shadow, empty, and with only those indexes that keep its rows apart; the definitions of the others are
/// given back, to be made when the rows are there. Those of a large one are not logged until it is settled: a server that crashes
/// empties it, and the run begins again.
pub(super) async fn create<P: Projection>(
    connection: &mut PgConnection,
    schema: &str,
    size: Size,
) -> sqlx::Result<Vec<String>> {
    let definition = Definition::of::<P>();
    connection.execute(format!("create schema {schema}").as_str()).await?;
    create_tables(connection, schema, &definition).await?;
    secure_tables(connection, schema, definition.tables).await?;
    connection.execute(bookkeeping(schema).as_str()).await?;
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select format('%I.%I', n.nspname, c.relname), pg_get_indexdef(c.oid) from pg_index i join pg_class c on c.oid = i.indexrelid \
         join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and not i.indisunique and not i.indisexclusion order by c.relname",
    )
    .bind(schema)
    .fetch_all(&mut *connection)
    .await?;
    for (name, _) in &indexes {
        connection.execute(format!("drop index {name}").as_str()).await?;
    }
    let unlogged = match size {
        Size::Large => tables(connection, schema).await?,
        Size::Small => Vec::new(),
    };
    for table in unlogged {
        connection.execute(format!("alter table {} set unlogged", table.name).as_str()).await?;
        // What a projection sets itself stays as it is.
        if table.is_plain {
            let settings = format!("fillfactor = {FILL_FACTOR}, autovacuum_enabled = false");
            connection.execute(format!("alter table {} set ({settings})", table.name).as_str()).await?;
        }
    }
    Ok(indexes.into_iter().map(|(_, definition)| definition).collect())
}

/// A table of the shadow.
#[derive(sqlx::FromRow)]
pub(super) struct Table {
    /// With its schema.
    pub(super) name: String,
    /// Whether it says how far the shadow is, and is not the projection's.
    pub(super) is_bookkeeping: bool,
    pub(super) is_logged: bool,
    is_plain: bool,
    is_filling: bool,
}

impl Table {
    /// SQL that writes its rows anew, packed and logged, now that most of them will not change again.
    pub(super) fn log(&self) -> String {
        let reset = if self.is_filling { "reset (fillfactor, autovacuum_enabled), " } else { "" };
        format!("alter table {} {reset}set logged", self.name)
    }

    pub(super) async fn has_rows(&self, connection: &mut PgConnection) -> sqlx::Result<bool> {
        sqlx::query_scalar(&format!("select exists (select from {})", self.name)).fetch_one(connection).await
    }

    /// Whether an index, by its definition, is one of this table.
    pub(super) fn has(&self, index: &str) -> bool {
        index.contains(&format!(" ON {} USING ", self.name))
    }
}

/// Its tables, the largest first.
pub(super) async fn tables(connection: &mut PgConnection, schema: &str) -> sqlx::Result<Vec<Table>> {
    sqlx::query_as(
        "select format('%I.%I', $1, relname) as name, relname in ('progress', 'stalls') as is_bookkeeping, \
                relpersistence = 'p' as is_logged, reloptions is null as is_plain, \
                coalesce('autovacuum_enabled=false' = any (reloptions), false) as is_filling \
         from pg_class where relnamespace = $1::regnamespace and relkind = 'r' order by pg_relation_size(oid) desc, relname",
    )
    .bind(schema)
    .fetch_all(connection)
    .await
}

/// Gives the room back that rows take which were never committed, in a shadow that has none.
pub(super) async fn clear(connection: &mut PgConnection, schema: &str) -> sqlx::Result<()> {
    let left: Option<String> = sqlx::query_scalar(
        "select string_agg(format('%I.%I', $1, relname), ', ') from pg_class \
         where relnamespace = $1::regnamespace and relkind = 'r' and pg_relation_size(oid) > 0",
    )
    .bind(schema)
    .fetch_one(&mut *connection)
    .await?;
    if let Some(tables) = left {
        connection.execute(format!("truncate {tables}").as_str()).await?;
    }
    Ok(())
}

/// `progress` holds each tenant's last position, whether it was taken in or not; `reached` is what is really taken in.
fn bookkeeping(schema: &str) -> String {
    format!(
        "create table {schema}.progress (like read.progress including all); \
         create table {schema}.stalls (like read.stalls including all); \
         create view {schema}.reached as \
             select tenant_id, projection, least(p.tenant_position, s.tenant_position - 1) as tenant_position \
             from {schema}.progress p left join {schema}.stalls s using (tenant_id, projection) \
             where s.tenant_position is null or s.tenant_position > 1"
    )
}

/// Refuses tables in which a column that serves would have another type: a prepared statement of a running process
/// must not find another type under its name.
pub(super) async fn ensure_types<P: Projection>(owner: &PgPool, shadow: &str) -> Result<(), RebuildError> {
    let changed: Option<(String, String, String, String)> = sqlx::query_as(
        "select c.relname::text, l.attname::text, format_type(l.atttypid, l.atttypmod), format_type(s.atttypid, s.atttypmod) \
         from pg_class c join pg_attribute l on l.attrelid = c.oid and l.attnum > 0 and not l.attisdropped \
         join pg_class n on n.relname = c.relname and n.relnamespace = $1::regnamespace \
         join pg_attribute s on s.attrelid = n.oid and s.attname = l.attname and not s.attisdropped \
         where c.relnamespace = 'read'::regnamespace and c.relkind in ('r', 'p') and c.relname = any ($2) \
           and (l.atttypid, l.atttypmod) is distinct from (s.atttypid, s.atttypmod) limit 1",
    )
    .bind(shadow)
    .bind(P::TABLES)
    .fetch_optional(owner)
    .await?;
    match changed {
        Some((table, column, live, code)) => Err(RebuildError::ColumnType { table, column, live, code }),
        None => Ok(()),
    }
}
