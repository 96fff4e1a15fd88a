//! Makes the tables of read models where they are missing, and closes them to all but the service roles.

use sqlx::{Executor, PgConnection, PgPool, Row};

use super::Projection;

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
/// there, in whatever version, is left as it is, since its tables serve until a rebuild has made new ones; only missing
/// policies and grants are made anew. Safe to run twice and from several processes at once. Runs as the owner.
///
/// # Errors
/// When the database is away, or a definition does not apply.
pub async fn install(owner: &PgPool, projections: &[Definition]) -> sqlx::Result<()> {
    let owner = owner.clone();
    let projections = projections.to_vec();
    let installation = async move {
        let mut transaction = owner.begin().await?;
        sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
        for definition in &projections {
            install_one(&mut transaction, definition).await?;
        }
        transaction.commit().await
    };
    tokio::spawn(installation).await.map_err(|panic| sqlx::Error::Protocol(panic.to_string()))?
}

async fn install_one(connection: &mut PgConnection, definition: &Definition) -> sqlx::Result<()> {
    let installed = sqlx::query("insert into read.checkpoints (projection, version, position, epoch) values ($1, $2, 0, (select max(epoch) from log.epochs)) on conflict do nothing")
        .bind(definition.name)
        .bind(definition.version)
        .execute(&mut *connection)
        .await?;
    if installed.rows_affected() == 1 {
        connection.execute("set local search_path = read").await?;
        connection.execute(definition.ddl).await?;
        connection.execute("set local search_path to default").await?;
    }
    for table in definition.tables {
        ensure_tenant_leads(connection, table).await?;
        sqlx::query("select read.secure(to_regclass('read.' || quote_ident($1)))")
            .bind(table)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// A table without the tenant in front would be open to every tenant's queries.
async fn ensure_tenant_leads(connection: &mut PgConnection, table: &str) -> sqlx::Result<()> {
    let first = sqlx::query("select attname::text from pg_attribute where attrelid = to_regclass('read.' || quote_ident($1)) and attnum = 1")
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
