//! Makes the tables of read models where they are missing, and closes them to all but the service roles.

use sqlx::{Executor, PgConnection, Row};

use super::apply::READ;
use super::{Projection, moved, skip, source};
use crate::database::Databases;
use crate::log;

/// What a projection owns in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// The version of its tables and reducer.
    pub version: i32,
    /// Its tables, unqualified.
    pub tables: &'static [&'static str],
    /// What makes them.
    pub ddl: &'static str,
}

impl Definition {
    /// The definition of `P`.
    #[must_use]
    pub const fn of<P: Projection>() -> Self {
        Self { name: P::NAME, version: P::VERSION, tables: P::TABLES, ddl: P::DDL }
    }
}

/// One installation at a time, over all processes.
const LOCK: i64 = 0x7469_6465_7265_6164;

/// Installs each of `projections` that has no checkpoint yet: its tables, empty, and a checkpoint at 0. One that is
/// there, in whatever version, is left as it is, since its tables serve until a rebuild has made new ones; of this
/// version, missing policies and grants are made anew. Safe to run twice and from several processes at once. Runs as the owner.
///
/// # Errors
/// When a database is away, a definition does not apply, or the read models are folded from another log.
pub async fn install(owner: impl Into<Databases>, projections: &[Definition]) -> sqlx::Result<()> {
    let owner: Databases = owner.into();
    let projections = projections.to_vec();
    let installation = async move {
        let log_id = source::log_id(&owner.log).await?;
        let epoch = log::epoch(&owner.log).await?;
        let mut transaction = owner.read.begin().await?;
        sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
        if source::bind(&mut transaction, log_id).await? && owner.are_two() {
            // What was let pass in the former home of the read models is let pass here.
            skip::keep(&mut transaction, &skip::skips(&owner.log, None).await?).await?;
        }
        for definition in &projections {
            install_one(&mut transaction, definition, epoch).await?;
        }
        transaction.commit().await?;
        moved::note_home(&owner).await
    };
    tokio::spawn(installation).await.map_err(|panic| sqlx::Error::Protocol(panic.to_string()))?
}

async fn install_one(connection: &mut PgConnection, definition: &Definition, epoch: i32) -> sqlx::Result<()> {
    let installed = sqlx::query(
        "insert into read.checkpoints (projection, version, position, epoch) values ($1, $2, 0, $3) on conflict do nothing",
    )
    .bind(definition.name)
    .bind(definition.version)
    .bind(epoch)
    .execute(&mut *connection)
    .await?;
    if installed.rows_affected() == 1 {
        create_tables(connection, READ, definition).await?;
    }
    let serves: bool = sqlx::query_scalar("select version = $2 from read.checkpoints where projection = $1")
        .bind(definition.name)
        .bind(definition.version)
        .fetch_one(&mut *connection)
        .await?;
    // Tables of another version are that version's business; what this one declares comes with its rebuild.
    if serves {
        sqlx::query("update read.checkpoints set tables = $2 where projection = $1 and tables is distinct from $2")
            .bind(definition.name)
            .bind(definition.tables)
            .execute(&mut *connection)
            .await?;
        secure_tables(connection, READ, definition.tables).await?;
    }
    Ok(())
}

/// Makes the tables in `schema`, which is a name from our own code.
pub(super) async fn create_tables(
    connection: &mut PgConnection,
    schema: &str,
    definition: &Definition,
) -> sqlx::Result<()> {
    connection.execute(format!("set local search_path = {schema}").as_str()).await?;
    connection.execute(definition.ddl).await?;
    connection.execute("set local search_path to default").await?;
    Ok(())
}

/// Closes the tables to everyone but the service roles.
pub(super) async fn secure_tables(connection: &mut PgConnection, schema: &str, tables: &[&str]) -> sqlx::Result<()> {
    for table in tables {
        ensure_tenant_leads(connection, schema, table).await?;
        sqlx::query("select read.secure(to_regclass($1 || '.' || quote_ident($2)))")
            .bind(schema)
            .bind(table)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// A table without the tenant in front would be open to every tenant's queries.
async fn ensure_tenant_leads(connection: &mut PgConnection, schema: &str, table: &str) -> sqlx::Result<()> {
    let first = sqlx::query("select attname::text from pg_attribute where attrelid = to_regclass($1 || '.' || quote_ident($2)) and attnum = 1")
        .bind(schema)
        .bind(table)
        .fetch_optional(connection)
        .await?;
    match first.map(|row| row.get::<String, _>(0)).as_deref() {
        Some("tenant_id") => Ok(()),
        Some(other) => Err(sqlx::Error::Configuration(
            format!("the first column of read table {table} is {other}, not tenant_id").into(),
        )),
        None => Err(sqlx::Error::Configuration(
            format!("read table {table} was declared, but its projection did not make it").into(),
        )),
    }
}
