//! Brings a database to this version: the service roles, then the migrations.

use sqlx::{Connection, Executor, PgConnection, PgPool};

/// The migrations of the whole workspace, in order.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Appends, and reads the log for feed and relay.
pub const LOG_ROLE: &str = "tidemark_log";
/// Answers queries: select only, and only within `app.tenant`.
pub const QUERY_ROLE: &str = "tidemark_query";
/// Writes read models.
pub const PROJECTION_ROLE: &str = "tidemark_projection";

/// Runs policies and carries out their effects: writes the schema `work`, and nothing else.
pub const WORK_ROLE: &str = "tidemark_work";

/// The roles that services connect as.
pub const ROLES: [&str; 4] = [LOG_ROLE, QUERY_ROLE, PROJECTION_ROLE, WORK_ROLE];

/// Why a database could not be brought to this version.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A migration failed, or the database was migrated by a newer or a different version.
    #[error("migration failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database could not be reached or refused.
    #[error("database error while migrating: {0}")]
    Database(#[from] sqlx::Error),
}

/// Makes the service roles with `role_password` where they are missing, and runs the migrations that have not run.
/// Safe to run twice, and from several processes at once.
///
/// # Errors
/// When the owner may not create roles, the database is away, or a migration does not apply.
pub async fn migrate(owner: &PgPool, role_password: &str) -> Result<(), MigrateError> {
    let mut connection = owner.acquire().await?.detach();
    ensure_roles(&mut connection, role_password).await?;
    MIGRATIONS.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Roles belong to the whole cluster, so two databases migrating at once can collide here: the lock of one database
/// does not hold in another. Losing that race is fine, for the role is then there.
async fn ensure_roles(connection: &mut PgConnection, role_password: &str) -> sqlx::Result<()> {
    for role in ROLES {
        let present: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
            .bind(role)
            .fetch_one(&mut *connection)
            .await?;
        if present {
            continue;
        }
        let literal: String = sqlx::query_scalar("select quote_literal($1::text)")
            .bind(role_password)
            .fetch_one(&mut *connection)
            .await?;
        let created = connection
            .execute(
                format!("create role {role} login nosuperuser nobypassrls nocreatedb nocreaterole password {literal}")
                    .as_str(),
            )
            .await;
        match created {
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("42710" | "23505")) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sets the service roles' password anew, as after a change of the setting.
///
/// # Errors
/// When the owner may not alter the roles or the database is away.
pub async fn set_role_password(owner: &PgPool, role_password: &str) -> sqlx::Result<()> {
    let literal: String =
        sqlx::query_scalar("select quote_literal($1::text)").bind(role_password).fetch_one(owner).await?;
    for role in ROLES {
        owner.execute(format!("alter role {role} password {literal}").as_str()).await?;
    }
    Ok(())
}
