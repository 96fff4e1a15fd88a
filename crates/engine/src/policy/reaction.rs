//! From events to the rows of the ledger.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgPool, Postgres};
use uuid::Uuid;

use super::{Due, Policy, Reaction, ReactionError};
use crate::event::RecordedEvent;
use crate::trace::TraceParent;

/// The kind of an event that a policy could not react to.
pub(crate) const REACTION: &str = "reaction";

/// New rows of the ledger, column by column.
#[derive(Debug, Default)]
pub(super) struct Rows {
    ids: Vec<Uuid>,
    tenants: Vec<String>,
    ordering_keys: Vec<String>,
    positions: Vec<i64>,
    numbers: Vec<i16>,
    events: Vec<Uuid>,
    correlations: Vec<String>,
    kinds: Vec<&'static str>,
    payloads: Vec<String>,
    due: Vec<DateTime<Utc>>,
    errors: Vec<Option<String>>,
    traces: Vec<Option<String>>,
}

impl Rows {
    /// What the policy makes of the events; what it cannot react to is a dead letter from the start. Events of a tenant that
    /// has moved here were reacted to where they came from, for most policies.
    pub(super) fn of(policy: &dyn Policy, events: &[Arc<RecordedEvent>]) -> Self {
        let mut rows = Self::default();
        let followed = events.iter().filter(|event| {
            policy.follows().contains(&&*event.aggregate_type) && (!event.is_imported() || policy.reacts_to_imported())
        });
        for event in followed {
            match react(policy, event) {
                Ok(reactions) => rows.push_all(policy, event, &reactions),
                Err(error) => {
                    tracing::error!(
                        policy = policy.name(), tenant = %event.tenant_id, position = event.position, event = %event.event_id,
                        event_type = %event.event_type, %error, "the policy cannot react to this event"
                    );
                    rows.push_failure(policy, event, &error);
                }
            }
        }
        rows
    }

    /// What a policy has made of one event.
    pub(super) fn of_one(policy: &dyn Policy, event: &RecordedEvent, reactions: &[Reaction]) -> Self {
        let mut rows = Self::default();
        rows.push_all(policy, event, reactions);
        rows
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    fn push_all(&mut self, policy: &dyn Policy, event: &RecordedEvent, reactions: &[Reaction]) {
        for (reaction, number) in reactions.iter().zip(0..) {
            let due = due_at(reaction.due, event.recorded_at);
            self.push(policy, event, number, reaction.kind, reaction.payload.get(), due, None);
        }
    }

    fn push_failure(&mut self, policy: &dyn Policy, event: &RecordedEvent, error: &ReactionError) {
        let error = error.to_string().replace('\0', "\u{fffd}");
        self.push(policy, event, -1, REACTION, "null", event.recorded_at, Some(error));
    }

    #[expect(clippy::too_many_arguments, reason = "these are the columns that differ")]
    fn push(
        &mut self,
        policy: &dyn Policy,
        event: &RecordedEvent,
        number: i16,
        kind: &'static str,
        payload: &str,
        due: DateTime<Utc>,
        error: Option<String>,
    ) {
        let correlation =
            event.metadata.get("correlationId").map_or_else(|| event.event_id.to_string(), Cow::into_owned);
        self.ids.push(effect_id(policy.name(), event.event_id, number));
        self.tenants.push(event.tenant_id.to_string());
        self.ordering_keys.push(policy.ordering_key(event));
        self.positions.push(event.position);
        self.numbers.push(number);
        self.events.push(event.event_id);
        self.correlations.push(correlation);
        self.kinds.push(kind);
        self.payloads.push(payload.to_owned());
        self.due.push(due);
        self.errors.push(error);
        self.traces.push(TraceParent::of_event(event).map(|place| place.to_string()));
    }
}

fn due_at(due: Due, recorded_at: DateTime<Utc>) -> DateTime<Utc> {
    match due {
        Due::At(moment) => moment,
        Due::After(delay) => {
            let delay = TimeDelta::from_std(delay).unwrap_or(TimeDelta::MAX);
            recorded_at.checked_add_signed(delay).unwrap_or(DateTime::<Utc>::MAX_UTC)
        }
    }
}

/// A policy's code must not take the worker down with it.
pub(super) fn react(policy: &dyn Policy, event: &RecordedEvent) -> Result<Vec<Reaction>, ReactionError> {
    catch_unwind(AssertUnwindSafe(|| policy.react(event)))
        .unwrap_or_else(|_| Err(ReactionError::new("the policy panicked at this event")))
}

/// Who runs a policy, as the database must find it for anything to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) policy: &'static str,
    pub(super) holder: Uuid,
    pub(super) fence: i64,
}

/// Moves the checkpoint and writes the effects, in one statement: both or neither. False, and nothing is written, unless
/// this is the holder of the lease and the checkpoint is where it knows it to be.
///
/// It does not wait for the disk: checkpoint and effects fall together, and whatever comes of an effect makes them durable
/// (see [`crate::effects::Room`]).
pub(super) async fn advance(
    work: &PgPool,
    held: Held,
    from: i64,
    to: i64,
    epoch: i32,
    rows: &Rows,
) -> sqlx::Result<bool> {
    const SQL: &str = "with held as (select from work.leases where name = $1 and holder = $2 and fence = $3 for share), \
         moved as (update work.policies set position = $5, epoch = $6 where policy = $1 and position = $4 and exists (select from held) returning 1), \
         written as (insert into work.effects (policy, id, tenant_id, ordering_key, position, number, event_id, correlation_id, kind, payload, due_at, state, last_error, settled_at, traceparent) \
             select $1, e.id, e.tenant_id, e.ordering_key, e.position, e.number, e.event_id, e.correlation_id, e.kind, e.payload::json, e.due_at, \
                    case when e.error is null then 'pending' else 'dead' end, e.error, case when e.error is not null then clock_timestamp() end, e.traceparent \
             from moved, unnest($7::uuid[], $8::text[], $9::text[], $10::bigint[], $11::smallint[], $12::uuid[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::text[], $18::text[]) \
                  as e(id, tenant_id, ordering_key, position, number, event_id, correlation_id, kind, payload, due_at, error, traceparent) \
             on conflict (id) do nothing) \
         select set_config('synchronous_commit', 'off', true) from moved";
    let query = sqlx::query(SQL).bind(held.policy).bind(held.holder).bind(held.fence).bind(from).bind(to).bind(epoch);
    Ok(bind(query, rows).fetch_optional(work).await?.is_some())
}

/// Puts what an event leads to in the place of its dead letter, in the order of its key; false when it was not there any
/// more, or the lease is not.
pub(super) async fn replace(work: &PgPool, held: Held, letter: Uuid, rows: &Rows) -> sqlx::Result<bool> {
    const SQL: &str = "with held as (select from work.leases where name = $1 and holder = $2 and fence = $3 for share), \
         settled as (update work.effects set state = 'done', last_error = null, settled_at = clock_timestamp() \
                     where id = $4 and state = 'pending' and exists (select from held) returning 1), \
         written as (insert into work.effects (policy, id, tenant_id, ordering_key, position, number, event_id, correlation_id, kind, payload, due_at, traceparent) \
             select $1, e.id, e.tenant_id, e.ordering_key, e.position, e.number, e.event_id, e.correlation_id, e.kind, e.payload::json, e.due_at, e.traceparent \
             from settled, unnest($5::uuid[], $6::text[], $7::text[], $8::bigint[], $9::smallint[], $10::uuid[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::text[], $16::text[]) \
                  as e(id, tenant_id, ordering_key, position, number, event_id, correlation_id, kind, payload, due_at, error, traceparent) \
             on conflict (id) do nothing) \
         select 1 from settled";
    let query = sqlx::query(SQL).bind(held.policy).bind(held.holder).bind(held.fence).bind(letter);
    Ok(bind(query, rows).fetch_optional(work).await?.is_some())
}

/// Binds the columns in the order in which both statements name them.
fn bind<'q>(query: Query<'q, Postgres, PgArguments>, rows: &'q Rows) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(&rows.ids)
        .bind(&rows.tenants)
        .bind(&rows.ordering_keys)
        .bind(&rows.positions)
        .bind(&rows.numbers)
        .bind(&rows.events)
        .bind(&rows.correlations)
        .bind(&rows.kinds)
        .bind(&rows.payloads)
        .bind(&rows.due)
        .bind(&rows.errors)
        .bind(&rows.traces)
}

/// The same for ever: whoever reacts to the event again means the same effect.
fn effect_id(policy: &str, event: Uuid, number: i16) -> Uuid {
    let mut digest = Sha256::new();
    digest.update(policy.as_bytes());
    digest.update([0]);
    digest.update(event.as_bytes());
    digest.update(number.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
