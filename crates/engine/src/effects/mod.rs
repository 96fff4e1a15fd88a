//! The ledger of effects: what policies want to happen outside, and what came of it.
//!
//! A row is there exactly once for its event. The [`Dispatcher`] carries it out at least once, with an id that never
//! changes, by which whoever is outside recognises a repetition. Effects of one policy, tenant and key are carried out
//! one after another; a dead letter holds up those behind it, and nobody else. All times are the database's.

mod attempt;
mod desk;
mod dispatcher;
mod ledger;
mod room;
mod take;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sqlx::types::Json;
use uuid::Uuid;

pub use dispatcher::{Dispatcher, DispatcherSettings};
pub use ledger::{Entry, Which, dead_letters, drop_dead, find, forget_done, retry_dead};
pub(crate) use ledger::{reaction_failed, retry_reactions};
pub use room::Room;

use crate::log::IdempotencyKey;
use crate::trace::TraceParent;

/// An effect that is to be carried out now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Effect {
    /// Its id: the idempotency key outside.
    pub id: Uuid,
    /// The policy that wants it.
    pub policy: String,
    /// The tenant.
    pub tenant_id: String,
    /// Says who carries it out.
    pub kind: String,
    /// What the policy has said about it.
    pub payload: Json<Box<RawValue>>,
    /// The event that it follows from.
    pub event_id: Uuid,
    /// The request that began it all.
    pub correlation_id: String,
    /// How often it was taken since it last began, this time included.
    pub attempts: i32,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// Where in the trace of its event it is carried out, if that is recorded.
    #[sqlx(skip)]
    pub trace: Option<TraceParent>,
    fence: i64,
    is_given_up: bool,
    /// Of the event.
    traceparent: Option<String>,
}

impl Effect {
    /// Decodes the payload.
    ///
    /// # Errors
    /// [`Failed::Never`] when it is not of that shape.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Failed> {
        serde_json::from_str(self.payload.get())
            .map_err(|error| Failed::Never(format!("the payload does not decode: {error}")))
    }

    /// The key under which a command that carries it out is remembered: the same for every try. Where it
    /// [may have begun](Effect::may_have_begun), the key is [renewed](crate::log::renew_idempotency_key) first.
    #[must_use]
    pub fn idempotency_key(&self) -> IdempotencyKey {
        // One effect is one request, whatever a later version asks by it.
        IdempotencyKey { id: self.id, request_hash: [0; 32] }
    }

    /// Whether it was taken before, so that somebody may have carried it out already. An operator's retry begins it anew and
    /// changes nothing about that.
    #[must_use]
    pub fn may_have_begun(&self) -> bool {
        self.fence > 1
    }
}

/// Carries out the effects of one kind.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The kind.
    fn kind(&self) -> &'static str;

    /// Where it is carried out, which says how many are at once and what they share their places with.
    fn room(&self) -> Room {
        Room::OUTSIDE
    }

    /// Does it. It may be asked again for an effect that it has carried out, with the same id.
    ///
    /// # Errors
    /// When it could not be done, now or ever.
    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed>;
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out.
    Done,
    /// There is nothing to do, for this reason.
    Moot(String),
    /// A rule has said no, by this code: what came of it is known, and nothing is wrong.
    Refused(String),
}

/// Why an effect was not carried out. The words are for operators and stay in the ledger: no names, no addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// It is worth another try.
    #[error("{0}")]
    Later(String),
    /// It will never be possible.
    #[error("{0}")]
    Never(String),
}

/// A pause that doubles with each failure (from the first on), up to the longest, less a random part of it.
pub(crate) fn backoff(failures: u32, first: Duration, longest: Duration) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(longest).mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let (first, longest) = (Duration::from_secs(5), Duration::from_secs(3600));
        for (failures, most) in [(1, 5), (2, 10), (5, 80), (11, 3600), (u32::MAX, 3600)] {
            let pause = backoff(failures, first, longest).as_secs_f64();
            assert!(pause <= f64::from(most) && pause >= f64::from(most) / 2.0, "{pause} after {failures}");
        }
    }
}
