//! What the worker of a policy does in one step, and why it may not be done.

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another worker holds the lease.
    Standby,
    /// The lease is ours now; nothing was taken in yet.
    Leading,
    /// Nothing has come.
    Idle,
    /// Events were reacted to, or passed over.
    Took {
        /// How many.
        events: usize,
        /// The rows that came of them.
        effects: usize,
    },
    /// So many dead letters were tried again.
    Retried(usize),
    /// Another worker has taken over, or the checkpoint was moved; nothing was written.
    Superseded,
}

/// Why a step could not be done. All of these are tried again.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The database is away.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The log cannot be followed.
    #[error("feed: {0}")]
    Feed(String),
    /// It has no checkpoint: `admin migrate` makes one.
    #[error("{0} is not installed; run `admin migrate`")]
    NotInstalled(&'static str),
    /// The log ends before what the policy has reacted to. It goes on once the epoch was raised.
    #[error("{policy} has reacted to events up to {position}, and the log ends at {head}")]
    LostTimeline {
        /// The policy.
        policy: &'static str,
        /// Its checkpoint.
        position: i64,
        /// The last position of the log.
        head: i64,
    },
}
