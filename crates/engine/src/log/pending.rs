//! Appends on their way: gathered into batches, and answered.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::append::{Append, AppendError, Appended, Round};
use super::idle::when_idle;

/// More in one batch gains nothing (measured: the cost of a command is flat from here on).
pub(super) const BATCH_COMMANDS: usize = 256;
/// Keeps one call well below what a statement may carry, whatever the size of events.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// An append on its way, with the place to send what came of it.
pub(super) struct Pending {
    pub(super) append: Append,
    /// The epoch it was decided in, where its process knows.
    pub(super) epoch: Option<i32>,
    pub(super) deadline: Instant,
    pub(super) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

impl Pending {
    /// Whatever was decided on top of events that did not come to be falls with them, before anything else is tried; so
    /// does what was decided on a version that the log has left behind.
    pub(super) fn decide(self, outcome: Result<Appended, AppendError>) -> Answer {
        let outdated = matches!(outcome, Ok(Appended::Conflict));
        let came_to_nothing = !self.append.events.is_empty() && !matches!(outcome, Ok(Appended::Committed(_)));
        if outdated || came_to_nothing {
            self.append.rounds().for_each(Round::break_off);
        }
        Answer { outcome, reply: self.reply, _append: self.append }
    }
}

/// A batch that grows.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) batch: Vec<Pending>,
    bytes: usize,
}

impl Gathered {
    pub(super) fn push(&mut self, pending: Pending) {
        self.bytes += pending.append.weight();
        self.batch.push(pending);
    }

    pub(super) fn has_room(&self) -> bool {
        self.batch.len() < BATCH_COMMANDS && self.bytes < BATCH_BYTES
    }
}

impl From<Pending> for Gathered {
    fn from(first: Pending) -> Self {
        let mut gathered = Self::default();
        gathered.push(first);
        gathered
    }
}

/// What came of an append, for its caller to be told. The append is let go of with it, and not while the database waits.
pub(super) struct Answer {
    outcome: Result<Appended, AppendError>,
    reply: oneshot::Sender<Result<Appended, AppendError>>,
    _append: Append,
}

impl Answer {
    /// Whether it tells its caller to decide again.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self.outcome, Ok(Appended::Conflict))
    }

    pub(super) fn tell(self) {
        // Whoever asked may have hung up; the log does not care.
        drop(self.reply.send(self.outcome));
    }
}

/// Tells all callers: one at once, several together.
pub(super) fn tell_all(answers: Vec<Answer>) {
    let is_alone = answers.len() < 2;
    let tell_each = || answers.into_iter().for_each(Answer::tell);
    if is_alone { tell_each() } else { when_idle(tell_each) }
}
