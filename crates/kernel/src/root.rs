//! What an aggregate root owes the log beyond `cqrs_es::Aggregate`.

use crate::{ClaimChange, Refusal};

/// An aggregate whose commands can be executed: `cqrs-es` gives the shape, this adds its claims.
pub trait Root: cqrs_es::Aggregate<Services = (), Error: Refusal> + Clone + 'static {
    /// The scopes of claims whose values are personal data: the log holds a keyed hash of each and not the value.
    const PERSONAL_CLAIMS: &'static [&'static str] = &[];

    /// The claims that `event` changes, seen from the state *before* it.
    fn claims(&self, event: &Self::Event) -> Vec<ClaimChange> {
        let _ = event;
        Vec::new()
    }

    /// Whose personal data this aggregate has to do with, seen from the state after a command: the [`Personal`] fields of
    /// its events are sealed under the key of this subject, and so is the answer that is remembered. A personal field
    /// without a subject is never appended.
    ///
    /// [`Personal`]: crate::Personal
    fn subject(&self) -> Option<String> {
        None
    }

    /// The refusal that a refused claim of `scope` is to the caller.
    fn claim_refused(scope: &str) -> Self::Error;
}
