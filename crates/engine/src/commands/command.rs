//! What is asked for: a command over aggregates, on whose behalf, on what condition; and what comes of it.

use std::sync::Arc;

use cqrs_es::Aggregate;

use super::lane::LoadError;
use super::look::Look;
use super::part::{AnyPart, Part, Step};
use super::snapshots::Shape;
use crate::event::Metadata;
use crate::log::{AppendError, IdempotencyKey, Place, RowChange, Secret};
use crate::personal::KeyError;

/// On whose behalf a command runs, and what rides along with its events.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The tenant's permanent key.
    pub tenant: Arc<str>,
    /// `requestId`, `actor`, `correlationId`, `command` and so on, for every event of the command. A `traceparent` is where it
    /// was asked for; the events have the command's own.
    pub metadata: Metadata,
    /// The key under which the answer is remembered.
    pub key: Option<IdempotencyKey>,
}

/// What a caller requires of the version it has seen (`If-Match`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// Nothing, of an aggregate whose id was made for this command: its stream is not read first. Were there one, the
    /// log would refuse the append, and the command would be decided again on what is there.
    New,
    /// The aggregate exists.
    Exists,
    /// The aggregate is at one of the named versions: this one.
    Version(i64),
}

impl Precondition {
    pub(super) fn check<R>(self, present: i64) -> Result<(), CommandError<R>> {
        let holds = match self {
            Self::None | Self::New => true,
            Self::Exists => present > 0,
            Self::Version(version) => version == present,
        };
        if holds { Ok(()) } else { Err(CommandError::VersionMismatch { present }) }
    }
}

/// Why a command was not executed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R> {
    /// A rule said no. Confirmed by the log.
    #[error("refused")]
    Refused(R),
    /// The aggregate is not at the version that the caller requires. Confirmed by the log.
    #[error("the aggregate is at version {present}")]
    VersionMismatch {
        /// Its version; 0 when it does not exist.
        present: i64,
    },
    /// The idempotency key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Others were faster for too long. Nothing was written.
    #[error("the aggregate is contended")]
    Contended,
    /// The log could not take it.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The answer was given before, about a person who was erased since.
    #[error("it was answered before, about a person who was erased since")]
    AnswerErased,
    /// A stream does not load or an event does not encode: a defect.
    #[error("{0}")]
    Broken(String),
}

impl<R> CommandError<R> {
    /// The reason as a trace has it.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::VersionMismatch { .. } => "version mismatch",
            Self::KeyReused => "key reused",
            Self::Contended => "contended",
            Self::Append(_) => "append failed",
            Self::AnswerErased => "answer erased",
            Self::Broken(_) => "broken",
        }
    }
}

impl<R> From<LoadError> for CommandError<R> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Away(reason) => Self::Append(AppendError::Unavailable(reason.into())),
            LoadError::Broken { .. } => Self::Broken(error.to_string()),
        }
    }
}

impl<R> From<KeyError> for CommandError<R> {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Database(error) => Self::Append(AppendError::Unavailable(error.to_string().into())),
            // Of somebody erased, this process still has an older state at hand: it is about to hear of it.
            KeyError::Rotating(_) | KeyError::Erased => Self::Contended,
            KeyError::OtherSecret(_) | KeyError::NoKeyring => Self::Broken(error.to_string()),
        }
    }
}

/// What an executed command is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// Where the change was recorded.
    pub place: Place,
    /// The answer, as it was made now or, when replayed, the first time.
    pub answer: Vec<u8>,
    /// Whether this request was executed before.
    pub replayed: bool,
}

/// The states that a command has decided, by the order of its steps.
pub struct Decided<'a, R>(pub(super) &'a [Box<dyn AnyPart<R>>]);

impl<R> Decided<'_, R> {
    /// The state of the aggregate of step `n` after the command, and its version.
    #[must_use]
    pub fn state<A: 'static>(&self, n: usize) -> Option<(&A, i64)> {
        let (state, version) = self.0.get(n)?.state()?;
        Some((state.downcast_ref()?, version))
    }
}

/// A command over one or more aggregates: all of it happens or nothing.
pub struct Command<R> {
    pub(super) parts: Vec<Box<dyn AnyPart<R>>>,
    pub(super) secrets: Vec<Secret>,
    pub(super) row_changes: Vec<RowChange>,
    pub(super) rows_refusal: Option<fn() -> R>,
    pub(super) erases: Option<String>,
}

impl<R: Send + Sync + 'static> Default for Command<R> {
    fn default() -> Self {
        Self { parts: Vec::new(), secrets: Vec::new(), row_changes: Vec::new(), rows_refusal: None, erases: None }
    }
}

impl<R: Send + Sync + 'static> Command<R> {
    /// Adds a step. An aggregate may have one step a command.
    #[must_use]
    pub fn with<A>(mut self, step: Step<A, R>) -> Self
    where
        A: Aggregate<Services = ()> + Clone + 'static,
        A::Command: Clone + Send + Sync,
        A::Error: Send,
    {
        self.parts.push(Box::new(Part::new(step)));
        self
    }

    /// Adds an aggregate that the command only looks at: the answer may show its state, which is the one it has at the
    /// place where the command is recorded. It counts among the steps, and no aggregate may have both.
    #[must_use]
    pub fn with_look<A: Aggregate + Clone + 'static>(mut self, id: String, shape: Shape<A>) -> Self {
        self.parts.push(Box::new(Look::new(id, shape)));
        self
    }

    /// Adds a secret that is written with the events, if there are any.
    #[must_use]
    pub fn with_secret(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Adds a change of rows beside the log that is made with the events, if there are any.
    #[must_use]
    pub fn with_row_change(mut self, change: RowChange) -> Self {
        self.row_changes.push(change);
        self
    }

    /// The same with a change that may refuse the whole command ([`REFUSED_BY_ROWS`](crate::log::REFUSED_BY_ROWS)), which is `refusal`
    /// to the caller. One a command. A batch with a refused command is made again without it, so whoever can tell before
    /// that it will be refused should not hand it in.
    #[must_use]
    pub fn with_guard(mut self, change: RowChange, refusal: fn() -> R) -> Self {
        self.row_changes.push(change);
        self.rows_refusal = Some(refusal);
        self
    }

    /// Destroys the key and the secrets of a person with the events, if there are any. The events say so in their
    /// metadata, so that every process forgets what it has at hand.
    #[must_use]
    pub fn erasing(mut self, subject: String) -> Self {
        self.erases = Some(subject);
        self
    }
}
