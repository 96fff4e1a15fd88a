//! Which log the read models of a database are folded from: whoever names a database of another installation is told so,
//! before its rows are mixed with those of somebody else, or shown to them.

use std::sync::{Arc, OnceLock};

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::moved::have_moved_away;
use crate::database::{ANSWER, Databases, in_time};

/// Why read models are not used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A database is away or refuses.
    #[error("the database failed: {0}")]
    Database(sqlx::Error),
    /// The tables are not there.
    #[error("the database of the read models was not migrated; run `admin migrate`")]
    NotInstalled,
    /// They are another installation's.
    #[error(
        "the database of the read models holds those of another log; `read_database_url` has to name this installation's"
    )]
    Foreign,
    /// They are in another database than this process was told.
    #[error("the read models of this log are in a database of their own: set `read_database_url` to where they are")]
    Elsewhere,
    /// Nobody has asked the log yet which one it is.
    #[error("it is not known yet whose read models are wanted")]
    Unasked,
}

impl From<sqlx::Error> for SourceError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // No such table, or schema; or a role that was not let in yet.
        let is_missing = code.is_some_and(|code| matches!(&*code, "42P01" | "3F000" | "42501"));
        if is_missing { Self::NotInstalled } else { Self::Database(error) }
    }
}

/// The log whose read models are wanted, once it was asked. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Source(Arc<OnceLock<Uuid>>);

impl Source {
    /// Asks the log who it is.
    ///
    /// # Errors
    /// When its database is away.
    pub async fn learn(&self, log: &PgPool) -> sqlx::Result<()> {
        if self.0.get().is_none() {
            // A log never becomes another one, so whoever was first has said the same.
            let _said_before = self.0.set(log_id(log).await?);
        }
        Ok(())
    }

    /// Refuses read models of another log, and any before the log was asked: a connection is let in once, and used for long.
    pub(crate) async fn ensure(&self, connection: &mut PgConnection) -> Result<(), SourceError> {
        let log_id = self.0.get().ok_or(SourceError::Unasked)?;
        compare(*log_id, of(connection).await?)
    }
}

/// Makes sure that the read models are folded from this log, and where the log says that they are.
///
/// # Errors
/// See [`SourceError`].
pub async fn ensure_source(databases: &Databases) -> Result<(), SourceError> {
    if !databases.are_two() {
        return if have_moved_away(&databases.log).await? { Err(SourceError::Elsewhere) } else { Ok(()) };
    }
    let log_id = log_id(&databases.log).await?;
    let asked = async { of(&mut *databases.read.acquire().await?).await };
    compare(log_id, in_time(ANSWER, asked).await?)
}

/// What names this log.
pub(super) async fn log_id(log: &PgPool) -> sqlx::Result<Uuid> {
    in_time(ANSWER, sqlx::query_scalar("select log_id from log.identity").fetch_one(log)).await
}

/// Says that the read models are folded from this log, where nothing was said yet, and whether it was said now. A database with a
/// log of its own holds those of that log alone.
pub(super) async fn bind(connection: &mut PgConnection, log_id: Uuid) -> sqlx::Result<bool> {
    let said = sqlx::query(
        "insert into read.source (log_id) \
         select $1 where $1 = (select log_id from log.identity) or not exists (select from log.events) on conflict do nothing",
    )
    .bind(log_id)
    .execute(&mut *connection)
    .await?;
    if of(connection).await? == Some(log_id) {
        return Ok(said.rows_affected() == 1);
    }
    Err(sqlx::Error::Configuration(SourceError::Foreign.into()))
}

async fn of(connection: &mut PgConnection) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar("select log_id from read.source").fetch_optional(connection).await
}

fn compare(log_id: Uuid, of: Option<Uuid>) -> Result<(), SourceError> {
    match of {
        Some(of) if of == log_id => Ok(()),
        Some(_) => Err(SourceError::Foreign),
        None => Err(SourceError::NotInstalled),
    }
}
