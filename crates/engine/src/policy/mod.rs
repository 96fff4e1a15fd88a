//! Policies: what is to happen because of an event.
//!
//! A policy is a function from an event to its effects. The [`PolicyRunner`] feeds it the log in order and writes what it
//! wants into the ledger ([`crate::effects`]), in the statement that moves its checkpoint: an effect is there exactly when
//! its event was reacted to. A policy itself calls nothing and waits for nothing; whoever carries out the effect does.

mod install;
mod reaction;
mod remove;
mod runner;
mod standing;
mod step;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::event::RecordedEvent;

pub use install::install;
pub(crate) use reaction::REACTION;
pub use remove::{Removal, remove};
pub use runner::PolicyRunner;
pub use standing::{Standing, standings};
pub use step::{Step, StepError};

/// Reacts to the events of some aggregates.
pub trait Policy: Send + Sync + 'static {
    /// `<module>.<verb>`, as in `identity.welcome`. For ever: the ids of its effects follow from it.
    fn name(&self) -> &'static str;

    /// The aggregate types it follows. Events of others are passed over.
    fn follows(&self) -> &'static [&'static str];

    /// What the event is to lead to, in this order; often nothing. A function of the event alone.
    ///
    /// # Errors
    /// When the event is not understood. It becomes a dead letter, behind which later effects of its key wait.
    fn react(&self, event: &RecordedEvent) -> Result<Vec<Reaction>, ReactionError>;

    /// Effects of events with the same key (and tenant) are carried out one after another; by default those of an
    /// aggregate. It must not depend on the payload, which may be what is not understood.
    fn ordering_key(&self, event: &RecordedEvent) -> String {
        format!("{}/{}", event.aggregate_type, event.aggregate_id)
    }

    /// Whether it begins with the first event of the log, and not with what happens after it was installed.
    fn reacts_to_the_past(&self) -> bool {
        false
    }

    /// Whether it reacts to the events of a tenant that has moved here, too. Where they came from it has done so already; what
    /// was still to come then does not move along. So it may where a reaction that comes a second time does nothing.
    fn reacts_to_imported(&self) -> bool {
        false
    }
}

/// An effect that a policy wants.
#[derive(Debug, Clone)]
pub struct Reaction {
    kind: &'static str,
    payload: Box<RawValue>,
    due: Due,
}

/// When an effect may be carried out.
#[derive(Debug, Clone, Copy)]
enum Due {
    After(Duration),
    At(DateTime<Utc>),
}

impl Reaction {
    /// To be carried out by the handler of `kind`, with this payload. It lies in the ledger in clear: ids belong there,
    /// names and addresses do not.
    ///
    /// # Errors
    /// When the payload does not encode.
    pub fn new(kind: &'static str, payload: &impl Serialize) -> Result<Self, ReactionError> {
        Ok(Self { kind, payload: serde_json::value::to_raw_value(payload)?, due: Due::After(Duration::ZERO) })
    }

    /// Not before `delay` has passed since the event. What comes later with the same key waits for it too, so a policy
    /// that delays is best one that does nothing else.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.due = Due::After(delay);
        self
    }

    /// Not before `moment`, by the database's clock; at once when it has passed. What is said of [`Reaction::after`]
    /// holds here too.
    #[must_use]
    pub fn at(mut self, moment: DateTime<Utc>) -> Self {
        self.due = Due::At(moment);
        self
    }
}

/// Why a policy could not react to an event. It is deterministic: the same event fails again until the code changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReactionError(String);

impl ReactionError {
    /// Says what is wrong with the event, for the operator.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl From<serde_json::Error> for ReactionError {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("the payload does not decode or encode: {error}"))
    }
}
