//! Why a rebuild does not go on.

use tokio::task::JoinError;

use super::live::Live;
use crate::personal::KeyError;
use crate::projection::Projection;

/// Why a rebuild could not be done or not begun. Nothing that serves was changed.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The database is away, full, or refuses.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// Personal data could not be opened.
    #[error(transparent)]
    Keys(KeyError),
    /// Projection code panicked outside of its reducer.
    #[error("the rebuild panicked: {0}")]
    Panic(#[from] JoinError),
    /// The tables are not there: `admin migrate` makes them.
    #[error("{0} is not installed; run `admin migrate`")]
    NotInstalled(&'static str),
    /// Another process is at it.
    #[error("another rebuild or verification of {0} is under way")]
    Busy(&'static str),
    /// Another process has taken this run up, or history was cut while it went on.
    #[error("another process has taken this rebuild over, or the epoch was raised")]
    Superseded,
    /// What follows from the rows could not be written from them alone: the run has begun again, and writes it event by
    /// event, so that whoever is at fault is found.
    #[error("what follows from the rows could not be written at once, so the log is folded again event by event: {0}")]
    StartedOver(sqlx::Error),
    /// What was asked for needs tables of this code's version.
    #[error("{projection} has tables of version {installed}, and this code folds version {code}")]
    OtherVersion {
        /// The projection.
        projection: &'static str,
        /// The version of its tables.
        installed: i32,
        /// The version of this code.
        code: i32,
    },
    /// What was asked for needs live rows of the present timeline.
    #[error("{0} has taken in events of a lost timeline; rebuild it as a whole")]
    LostTimeline(&'static str),
    /// A prepared statement of a running process would break.
    #[error("column {column} of {table} would change its type from {live} to {code}: give the new one another name")]
    ColumnType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type in the tables that serve.
        live: String,
        /// Its type in the rebuilt ones.
        code: String,
    },
    /// Somebody has changed a table by hand, or the code without its version.
    #[error("read table {table} has other columns than this version of its projection makes")]
    Columns {
        /// The table.
        table: &'static str,
    },
    /// Without a key rows cannot be told apart.
    #[error("read table {table} has no primary key")]
    NoKey {
        /// The table.
        table: &'static str,
    },
    /// It was told to stop; a run goes on from there.
    #[error("interrupted at position {0}; run it again to go on from there")]
    Interrupted(i64),
    /// No swap is kept.
    #[error("no former tables of {0} are kept")]
    NothingToRollBack(&'static str),
    /// History was cut since.
    #[error("the former tables of {0} are of another epoch or history; rebuild it instead")]
    FormerOfAnotherEpoch(&'static str),
    /// They would show people who were erased since.
    #[error("the former tables of {0} are from before somebody was erased; rebuild it instead")]
    FormerShowsErased(&'static str),
    /// Queries or a worker hold on to the tables.
    #[error("the tables of {0} are in use; try again")]
    InUse(&'static str),
}

impl From<KeyError> for RebuildError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Database(error) => Self::Database(error),
            other => Self::Keys(other),
        }
    }
}

impl RebuildError {
    /// Whether it may be gone in a moment: the server restarts, a connection broke.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let Self::Database(error) = self else { return matches!(self, Self::Superseded | Self::StartedOver(_)) };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| matches!(code.get(..2), Some("08" | "40" | "53" | "55" | "57" | "58")))
            }
            _ => false,
        }
    }

    pub(super) fn other_version<P: Projection>(live: &Live) -> Self {
        if live.version == P::VERSION {
            Self::LostTimeline(P::NAME)
        } else {
            Self::OtherVersion { projection: P::NAME, installed: live.version, code: P::VERSION }
        }
    }
}
