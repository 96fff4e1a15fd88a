//! An aggregate that a command only looks at, because its answer shows it.
//!
//! What is looked at is the last state that the log has confirmed, as far as this process knows, and its version is one of
//! those that the command is decided on: if it is not the present one, the log says so, and the next try reads what was
//! missed. Nothing in flight is looked at, so a look waits for no lane and falls with nobody's command.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use cqrs_es::Aggregate;

use super::lane::{At, Source};
use super::part::AnyPart;
use super::snapshots::Shape;
use super::{CommandError, Lanes};
use crate::log::{Append, Expectation};

/// A look under way.
pub(super) struct Look<A> {
    id: String,
    shape: Shape<A>,
    seen: Option<At<A>>,
    /// The version that the last try saw, which may be outdated.
    outdated: i64,
}

impl<A> Look<A> {
    pub(super) fn new(id: String, shape: Shape<A>) -> Self {
        Self { id, shape, seen: None, outdated: 0 }
    }
}

#[async_trait]
impl<A, R> AnyPart<R> for Look<A>
where
    A: Aggregate + Clone + 'static,
{
    fn lane_key(&self) -> (&'static str, &str) {
        (A::TYPE, &self.id)
    }

    async fn enter(&mut self, tenant: &str, lanes: &Lanes, source: &Source) -> Result<(), CommandError<R>> {
        let lane = lanes.lane(tenant, &self.id, self.shape);
        self.seen = Some(lane.known_after(self.outdated, source).await?);
        lanes.weigh(&lane);
        Ok(())
    }

    async fn decide(&mut self, _: &Arc<str>, _: &Source, append: &mut Append) -> Result<(), CommandError<R>> {
        let seen = self.seen.as_ref().ok_or(CommandError::Contended)?;
        append.expectations.push(Expectation {
            aggregate_type: A::TYPE,
            aggregate_id: format!("{}/{}", append.tenant, self.id).into(),
            version: seen.version,
            round: None,
        });
        Ok(())
    }

    /// What an answer shows of it is that of the aggregate that is changed, which names the same person.
    fn subject(&self) -> Option<String> {
        None
    }

    /// It refuses nothing, so no refusal waits for it to be confirmed.
    fn is_fresh(&self) -> bool {
        true
    }

    fn advance(&mut self) {}

    fn leave(&mut self) {}

    fn confirm(&mut self, _: &Lanes, _: &Source) {}

    fn doubt(&mut self) {
        self.outdated = self.seen.as_ref().map_or(0, |seen| seen.version);
    }

    fn claim_refusal(&self, _: &str) -> Option<R> {
        None
    }

    fn state(&self) -> Option<(&(dyn Any + Send + Sync), i64)> {
        self.seen.as_ref().map(|seen| (&*seen.state as &(dyn Any + Send + Sync), seen.version))
    }
}
