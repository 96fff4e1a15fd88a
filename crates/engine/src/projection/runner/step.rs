//! What a worker's step comes to.

use tokio::task::JoinError;

use crate::personal::KeyError;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another worker holds the lease.
    Standby,
    /// The lease is ours now; nothing was taken in yet.
    Leading,
    /// Nothing has come.
    Idle,
    /// So many events were taken in, or passed over.
    Took(usize),
    /// So many events of a stalled tenant were tried again.
    Replayed(usize),
    /// A stretch of the log behind a stall was looked through for events that erase somebody.
    Searched,
    /// Rows of a stalled tenant have forgotten somebody who was erased.
    Forgot,
    /// Another worker has taken over, or the checkpoint was moved; nothing was written.
    Superseded,
    /// An event is unknown here, as in the midst of a deploy: the lease is free for a newer worker; nothing was written.
    HandedOver,
}

/// Why a step could not be done. All of these are tried again.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The database is away, or refuses for a reason that lies not in the events.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The log cannot be followed.
    #[error("feed: {0}")]
    Feed(String),
    /// The keys of personal data cannot be had.
    #[error("{0}")]
    Keys(#[from] KeyError),
    /// Projection code panicked outside of its reducer.
    #[error("the batch panicked: {0}")]
    Panic(#[from] JoinError),
    /// The tables are not there: `admin migrate` makes them.
    #[error("{0} is not installed; run `admin migrate`")]
    NotInstalled(&'static str),
    /// The tables are of another version than this code. The old ones serve until a rebuild.
    #[error("{projection} has tables of version {installed}, this worker folds version {code}; rebuild it")]
    OtherVersion {
        /// The projection.
        projection: &'static str,
        /// The version of its tables.
        installed: i32,
        /// The version of this code.
        code: i32,
    },
    /// The checkpoint lies on a timeline that was cut off: the rows hold events that never were.
    #[error("{projection} has taken in events up to {position} of a lost timeline that was cut at {cut}; rebuild it")]
    LostTimeline {
        /// The projection.
        projection: &'static str,
        /// Its checkpoint.
        position: i64,
        /// The last position that both timelines share.
        cut: i64,
    },
    /// The log has another event at the checkpoint: it was restored to an earlier state, and has gone on from there.
    #[error(
        "{projection} has taken in an event at {position} that the log does not have there: the log was restored since, and went on from an earlier place; rebuild it"
    )]
    OtherEvent {
        /// The projection.
        projection: &'static str,
        /// Its checkpoint.
        position: i64,
    },
}
