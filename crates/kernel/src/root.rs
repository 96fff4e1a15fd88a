//! What an aggregate root owes the log beyond `cqrs_es::Aggregate`.

use crate::{ClaimChange, Refusal};

/// An aggregate whose commands can be executed: `cqrs-es` gives the shape, this adds its claims.
pub trait Root: cqrs_es::Aggregate<Services = (), Error: Refusal> + Clone + 'static {
    /// The scopes of claims whose values are personal data: the log holds a keyed hash of each and not the value.
    const PERSONAL_CLAIMS: &'static [&'static str] = &[];

    /// The version of the state's shape, from 1: what snapshots of it are told apart by. To be raised with every change by which the
    /// same events make another state, or the same state is written out another way: of a field, of what `apply` does with an event,
    /// of how an old event is read. A snapshot of another version is not read, so that raising it is always safe; one that
    /// was not raised lets states from before the change go on. `testing::assert_shape` finds that.
    const SHAPE: u32;

    /// The claims that `event` changes, seen from the state *before* it.
    fn claims(&self, event: &Self::Event) -> Vec<ClaimChange> {
        let _ = event;
        Vec::new()
    }

    /// Whose personal data this aggregate has to do with, seen from the state after a command: the [`Personal`] fields of
    /// its events are sealed under the key of this subject, and so are the answer that is remembered and the snapshot of the
    /// state. A personal field without a subject is never appended.
    ///
    /// [`Personal`]: crate::Personal
    fn subject(&self) -> Option<String> {
        None
    }

    /// The refusal that a refused claim of `scope` is to the caller.
    fn claim_refused(scope: &str) -> Self::Error;
}
