//! One aggregate's part in a command: enter its lane, decide, advance.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::lane::{At, Head, Lane, Source};
use super::snapshots::Shape;
use super::{CommandError, Lanes, Precondition};
use crate::log::{Append, Claim, ClaimOperation, Expectation, NewEvent};
use crate::personal::{self, KeyError};

/// A change of a claim that an event entails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRequest {
    /// What happens to the claim.
    pub operation: ClaimOperation,
    /// What kind of value is unique.
    pub scope: &'static str,
    /// The value.
    pub value: String,
    /// Whether the value is personal data: then the log holds a keyed hash in its place.
    pub is_personal: bool,
}

/// What a command asks of one aggregate, and how its answers are to be read.
pub struct Step<A: Aggregate, R> {
    /// The aggregate's id within the tenant.
    pub id: String,
    /// What is asked. Cloned for each try.
    pub command: A::Command,
    /// What the caller requires of the aggregate's version.
    pub precondition: Precondition,
    /// The claims an event changes, seen from the state before it.
    pub claims: fn(&A, &A::Event) -> Vec<ClaimRequest>,
    /// How its states are written out, and whose personal data they hold.
    pub shape: Shape<A>,
    /// The aggregate's refusal in the words of the caller.
    pub refusal: fn(A::Error) -> R,
    /// Whether a refusal goes before the precondition: to a caller for whom the aggregate does not exist, or who may
    /// not touch it, its version is no news.
    pub goes_first: fn(&A::Error) -> bool,
    /// The refusal that a claim of a scope, refused, stands for.
    pub claim_refusal: fn(&str) -> R,
}

/// A [`Step`] whose aggregate type is forgotten, so that one command can have several.
#[async_trait]
pub(super) trait AnyPart<R>: Send + Sync {
    fn lane_key(&self) -> (&'static str, &str);
    async fn enter(&mut self, tenant: &str, lanes: &Lanes, source: &Source) -> Result<(), CommandError<R>>;
    async fn decide(
        &mut self,
        metadata: &Arc<str>,
        source: &Source,
        append: &mut Append,
    ) -> Result<(), CommandError<R>>;
    /// Whose personal data the decided state holds.
    fn subject(&self) -> Option<String>;
    /// Whether all it was decided on had just been read from the log.
    fn is_fresh(&self) -> bool;
    /// Moves the head of the lane to the decided state and leaves the lane.
    fn advance(&mut self);
    /// Leaves the lane without having changed it.
    fn leave(&mut self);
    /// The decided state is in the log.
    fn confirm(&mut self, lanes: &Lanes, source: &Source);
    /// Others were faster, somewhere: what was known may be outdated.
    fn doubt(&mut self) {}
    fn claim_refusal(&self, scope: &str) -> Option<R>;
    fn state(&self) -> Option<(&(dyn Any + Send + Sync), i64)>;
}

/// A [`Step`] under way.
pub(super) struct Part<A: Aggregate, R> {
    step: Step<A, R>,
    scopes: Vec<&'static str>,
    lane: Option<Arc<Lane<A>>>,
    head: Option<OwnedMutexGuard<Head<A>>>,
    decided: Option<At<A>>,
    /// Of the decided events.
    bytes: usize,
    fresh: bool,
}

impl<A: Aggregate, R> Part<A, R> {
    pub(super) fn new(step: Step<A, R>) -> Self {
        Self { step, scopes: Vec::new(), lane: None, head: None, decided: None, bytes: 0, fresh: false }
    }
}

#[async_trait]
impl<A, R> AnyPart<R> for Part<A, R>
where
    A: Aggregate<Services = ()> + Clone + 'static,
    A::Command: Clone + Send + Sync,
    A::Error: Send,
    R: Send + Sync,
{
    fn lane_key(&self) -> (&'static str, &str) {
        (A::TYPE, &self.step.id)
    }

    async fn enter(&mut self, tenant: &str, lanes: &Lanes, source: &Source) -> Result<(), CommandError<R>> {
        let lane = lanes.lane(tenant, &self.step.id, self.step.shape);
        let (head, fresh) = lane.enter(source, self.step.precondition == Precondition::New).await?;
        if fresh {
            lanes.weigh(&lane);
        }
        self.lane = Some(lane);
        self.head = Some(head);
        self.fresh = fresh;
        Ok(())
    }

    async fn decide(
        &mut self,
        metadata: &Arc<str>,
        source: &Source,
        append: &mut Append,
    ) -> Result<(), CommandError<R>> {
        let (Some(lane), Some(head)) = (&self.lane, &self.head) else { return Err(CommandError::Contended) };
        let aggregate_id = lane.aggregate_id();
        let version = head.at.version;
        append.expectations.push(Expectation {
            aggregate_type: A::TYPE,
            aggregate_id: Arc::clone(aggregate_id),
            version,
            round: Some(head.round.clone()),
        });

        let mut next = A::clone(&head.at.state);
        let sink = EventSink::default();
        let handled = next.handle(self.step.command.clone(), &(), &sink).await;
        if !handled.as_ref().is_err_and(self.step.goes_first) {
            self.step.precondition.check(version)?;
        }
        handled.map_err(|error| CommandError::Refused((self.step.refusal)(error)))?;
        let events = sink.collect().await;

        self.scopes.clear();
        self.bytes = 0;
        let mut seen = if events.is_empty() { None } else { Some(A::clone(&head.at.state)) };
        let mut sequence = version;
        for event in events {
            sequence += 1;
            let Some(before) = seen.as_mut() else { break };
            for claim in (self.step.claims)(before, &event) {
                self.scopes.push(claim.scope);
                let value = match (claim.is_personal, &source.keyring) {
                    (false, _) => claim.value,
                    (true, Some(keyring)) => keyring.make_claim(&append.tenant, claim.scope, &claim.value).await?,
                    (true, None) => return Err(KeyError::NoKeyring.into()),
                };
                append.claims.push(Claim {
                    operation: claim.operation,
                    scope: claim.scope.to_owned(),
                    value,
                    aggregate_type: A::TYPE,
                    aggregate_id: Arc::clone(aggregate_id),
                });
            }
            let mut decided = NewEvent {
                event_id: Uuid::now_v7(),
                aggregate_type: A::TYPE,
                aggregate_id: Arc::clone(aggregate_id),
                sequence,
                event_type: event.event_type(),
                event_version: event.event_version(),
                payload: serde_json::to_string(&event).map_err(|error| CommandError::Broken(error.to_string()))?,
                metadata: Arc::clone(metadata),
            };
            if personal::is_personal(&decided) {
                let keyring = source.keyring.as_ref().ok_or(KeyError::NoKeyring)?;
                let subject = (self.step.shape.subject)(&next).ok_or_else(|| {
                    CommandError::Broken(format!("{} has personal data and no subject", decided.event_type))
                })?;
                personal::seal(keyring, &append.tenant, &subject, &mut decided).await?;
            }
            self.bytes += decided.payload.len();
            append.events.push(decided);
            before.apply(event);
        }
        let last = append.events.last().filter(|_| sequence > version).map(|event| event.event_id);
        self.decided = Some(At { state: Arc::new(next), version: sequence, event_id: last.or(head.at.event_id) });
        Ok(())
    }

    fn subject(&self) -> Option<String> {
        self.decided.as_ref().and_then(|decided| (self.step.shape.subject)(&decided.state))
    }

    fn is_fresh(&self) -> bool {
        self.fresh
    }

    fn advance(&mut self) {
        if let (Some(head), Some(decided)) = (self.head.as_mut(), &self.decided) {
            head.at = decided.clone();
        }
        self.head = None;
    }

    fn leave(&mut self) {
        self.head = None;
    }

    fn confirm(&mut self, lanes: &Lanes, source: &Source) {
        if let (Some(lane), Some(decided)) = (&self.lane, &self.decided) {
            lane.confirm(decided.clone(), self.bytes);
            lane.offer(source, decided);
            lanes.weigh(lane);
        }
    }

    fn claim_refusal(&self, scope: &str) -> Option<R> {
        self.scopes.contains(&scope).then(|| (self.step.claim_refusal)(scope))
    }

    fn state(&self) -> Option<(&(dyn Any + Send + Sync), i64)> {
        self.decided.as_ref().map(|decided| (&*decided.state as &(dyn Any + Send + Sync), decided.version))
    }
}
