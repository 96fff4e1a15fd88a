//! The log: all events of one database, in one order.
//!
//! [`Log`] is a process's way to append. Whoever wants to read uses the functions below, or the feed.

mod announce;
mod append;
mod appender;
mod batch;
mod beside;
mod erase;
mod idle;
mod pending;
mod read;
mod record;
mod resolve;
mod rows;
mod settle;
mod tip;
mod write;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

pub use append::{
    Append, AppendError, Appended, Claim, ClaimOperation, Expectation, IdempotencyKey, MAX_EVENT_BYTES, NewEvent,
    Place, REFUSED_BY_ROWS, Round, RowChange, Secret,
};
pub use appender::Appender;
pub use beside::{claim_holder, claimed_values, renew_idempotency_key, rotate_idempotency_keys, secret};
use pending::Pending;
pub(crate) use read::EventReader;
pub use read::{
    COLUMNS, Condition, Refuses, condition, epoch, head, read_after, read_stream, read_tenant, remembered_answer,
    tenant_head,
};

/// How long a caller waits for the outcome of an append before it is told that it is unknown.
pub const OUTCOME_DEADLINE: Duration = Duration::from_secs(10);

/// The handle by which commands append. Clones share one queue and one [`Appender`].
#[derive(Debug, Clone)]
pub struct Log {
    queue: mpsc::Sender<Pending>,
    epoch: Option<i32>,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").field("append", &self.append).finish_non_exhaustive()
    }
}

impl Log {
    /// The handle, and the appender that someone has to run: `while appender.step().await {}`. It connects when the
    /// first append comes. `waiting` bounds the queue; beyond it appends are refused at once. It appends in the epoch
    /// that it finds then and in no later one, unless [`Log::in_epoch`] says so.
    #[must_use]
    pub fn new(options: PgConnectOptions, waiting: usize) -> (Self, Appender) {
        let (queue, pending) = mpsc::channel(waiting.max(1));
        (Self { queue, epoch: None }, Appender::new(pending, options))
    }

    /// The same log for what is decided on the events of this epoch. It refuses appends of an earlier epoch from then
    /// on, and this one's once a later epoch was raised: what they build on may have been lost.
    #[must_use]
    pub fn in_epoch(&self, epoch: i32) -> Self {
        Self { queue: self.queue.clone(), epoch: Some(epoch) }
    }

    /// Puts an append into the queue. Appends are committed in the order of these calls, and whether or not the
    /// returned [`Ticket`] is awaited.
    ///
    /// # Errors
    /// [`AppendError::Overloaded`] when the queue is full, [`AppendError::EventTooLarge`], and
    /// [`AppendError::Unavailable`] after shutdown.
    pub fn submit(&self, append: Append) -> Result<Ticket, AppendError> {
        if let Some(size) = append.events.iter().map(|event| event.payload.len()).find(|size| *size > MAX_EVENT_BYTES) {
            return Err(AppendError::EventTooLarge { size });
        }
        let (reply, outcome) = oneshot::channel();
        let pending = Pending { append, epoch: self.epoch, deadline: Instant::now() + OUTCOME_DEADLINE, reply };
        self.queue.try_send(pending).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AppendError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => AppendError::Unavailable("the process is shutting down".into()),
        })?;
        Ok(Ticket(outcome))
    }

    /// Submits an append and waits for what comes of it.
    ///
    /// # Errors
    /// As [`Log::submit`], and whatever keeps the append from being decided.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.submit(append)?.await
    }
}

/// The outcome of a submitted append, to be awaited.
#[derive(Debug)]
pub struct Ticket(oneshot::Receiver<Result<Appended, AppendError>>);

impl Future for Ticket {
    type Output = Result<Appended, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The appender answers everything it takes; it can only vanish without an answer when its task is killed.
        Pin::new(&mut self.0).poll(context).map(|answered| answered.unwrap_or(Err(AppendError::OutcomeUnknown)))
    }
}
