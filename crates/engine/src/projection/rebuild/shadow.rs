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
    /// The rows of all tenants.
    Whole,
    /// Those of one.
    OneTenant,
}

/// Makes the shadow, empty, and with only those indexes that keep its rows apart; the definitions of the others are
/// given back, to be made when the rows are there. Until [`settle`] its rows are not logged: a server that crashes
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
        Size::Whole => tables(connection, schema, true).await?,
        Size::OneTenant => Vec::new(),
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
struct Table {
    name: String,
    is_plain: bool,
    is_filling: bool,
}

/// The tables that are logged, or those that are not.
async fn tables(connection: &mut PgConnection, schema: &str, is_logged: bool) -> sqlx::Result<Vec<Table>> {
    sqlx::query_as(
        "select format('%I.%I', $1, relname) as name, reloptions is null as is_plain, \
                coalesce('autovacuum_enabled=false' = any (reloptions), false) as is_filling \
         from pg_class where relnamespace = $1::regnamespace and relkind = 'r' and (relpersistence = 'p') = $2 order by relname",
    )
    .bind(schema)
    .bind(is_logged)
    .fetch_all(connection)
    .await
}

/// Writes the rows of the shadow anew, packed and logged, now that most of them will not change again. False when that
/// was done before.
pub(super) async fn settle(connection: &mut PgConnection, schema: &str) -> sqlx::Result<bool> {
    let filling = tables(connection, schema, false).await?;
    for table in &filling {
        if table.is_filling {
            let reset = format!("alter table {} reset (fillfactor, autovacuum_enabled)", table.name);
            connection.execute(reset.as_str()).await?;
        }
        connection.execute(format!("alter table {} set logged", table.name).as_str()).await?;
    }
    Ok(!filling.is_empty())
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

/// Makes the first of the indexes that is not there yet; false when all are.
pub(super) async fn make_next_index(owner: &PgPool, schema: &str, definitions: &[String]) -> sqlx::Result<bool> {
    let present: Vec<String> = sqlx::query_scalar(
        "select pg_get_indexdef(indexrelid) from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = $1::regnamespace",
    )
    .bind(schema)
    .fetch_all(owner)
    .await?;
    let Some(missing) = definitions.iter().find(|definition| !present.contains(definition)) else { return Ok(false) };
    owner.execute(missing.as_str()).await?;
    Ok(true)
}

/// Tells the planner what is there, and marks pages as visible to all, before queries meet the tables.
pub(super) async fn vacuum(owner: &PgPool, schema: &str, tables: &[&str]) -> sqlx::Result<()> {
    for table in tables {
        owner.execute(format!("vacuum (analyze) {schema}.{table}").as_str()).await?;
    }
    Ok(())
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
