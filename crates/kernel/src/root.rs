//! What an aggregate root owes the log beyond `cqrs_es::Aggregate`.

use crate::{ClaimChange, Refusal};

/// An aggregate whose commands can be executed: `cqrs-es` gives the shape, this adds its claims.
pub trait Root: cqrs_es::Aggregate<Services = (), Error: Refusal> + Clone + 'static {
    /// The claims that `event` changes, seen from the state *before* it.
    fn claims(&self, event: &Self::Event) -> Vec<ClaimChange> {
        let _ = event;
        Vec::new()
    }

    /// The refusal that a refused claim of `scope` is to the caller.
    fn claim_refused(scope: &str) -> Self::Error;
}
