//! The events of an aggregate, and its snapshot, as `cqrs-es` asks for them, opened. The events are read by `postgres-es`.

use std::sync::{Arc, OnceLock};

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::keyring::{KeyError, Keyring, Unopened};
use super::payload;
use super::state::SnapshotOf;

/// The last event of a stream, and the state of one shape, where the stream has the very event that it was taken at.
const SNAPSHOT: &str = "select l.sequence, l.event_id, s.last_sequence, s.payload \
     from (select sequence, event_id from log.events where aggregate_type = $1 and aggregate_id = $2 order by sequence desc limit 1) as l \
     left join (select s.last_sequence, s.payload::text as payload \
                from log.snapshots s join log.events e on e.aggregate_type = s.aggregate_type and e.aggregate_id = s.aggregate_id \
                                                      and e.sequence = s.last_sequence and e.event_id = s.event_id \
                where s.aggregate_type = $1 and s.aggregate_id = $2 and s.shape = $3) as s on true";

/// What a load has seen of its stream before it read the events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// The last event: its place in the stream, and its id.
    pub(crate) last: Option<(i64, Uuid)>,
    /// Whether there was a snapshot, usable or not.
    pub(crate) has_snapshot: bool,
}

/// What [`SNAPSHOT`] gives.
type Found = (i64, Uuid, Option<i64>, Option<String>);

/// A repository of which only loads are used: commits are ours, and so are replays.
pub(crate) struct Opening {
    pool: PgPool,
    events: PostgresEventRepository,
    keyring: Option<Keyring>,
    shape: u32,
    seen: Arc<OnceLock<Seen>>,
}

impl Opening {
    /// Reads snapshots of one shape alone.
    pub(crate) fn new(pool: PgPool, keyring: Option<Keyring>, shape: u32) -> Self {
        let events = PostgresEventRepository::new(pool.clone()).with_tables("log.events", "log.snapshots");
        Self { pool, events, keyring, shape, seen: Arc::default() }
    }

    /// What the load sees of the stream, once it has asked for a snapshot.
    pub(crate) fn seen(&self) -> Arc<OnceLock<Seen>> {
        Arc::clone(&self.seen)
    }

    /// Whether nothing came after `sequence` when the snapshot was asked for, so that there is nothing more to ask.
    fn ended_at(&self, sequence: usize) -> bool {
        let last = |seen: &Seen| seen.last.map_or(Ok(0), |(last, _)| usize::try_from(last));
        self.seen.get().is_some_and(|seen| last(seen) == Ok(sequence))
    }

    async fn opened(&self, mut events: Vec<SerializedEvent>) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let Some(keyring) = &self.keyring else { return Ok(events) };
        let (places, mut unopened): (Vec<usize>, Vec<Unopened>) =
            events.iter_mut().enumerate().filter_map(|(n, event)| Some((n, taken(event)?))).unzip();
        let opened = keyring.open_json(&mut unopened).await;
        for (n, unopened) in places.into_iter().zip(unopened) {
            events[n].payload = unopened.json;
        }
        opened.map(|()| events).map_err(not_opened)
    }

    /// The state that a snapshot holds; `None` where it is not to be read.
    async fn opened_state(&self, of: SnapshotOf<'_>, payload: &str) -> Result<Option<Value>, PersistenceError> {
        let Ok(payload) = serde_json::from_str(payload) else { return Ok(None) };
        match &self.keyring {
            Some(keyring) => keyring.open_state(of, payload).await.map_err(not_opened),
            None => Ok(Some(payload).filter(|payload| !payload::has_sealed(payload))),
        }
    }
}

fn not_opened(error: KeyError) -> PersistenceError {
    match error {
        KeyError::Database(error) => PersistenceError::ConnectionError(Box::new(error)),
        other => PersistenceError::DeserializationError(Box::new(other)),
    }
}

/// The payload of an event, where it may have personal data.
fn taken(event: &mut SerializedEvent) -> Option<Unopened> {
    if !payload::has_sealed(&event.payload) {
        return None;
    }
    let (tenant, _) = event.aggregate_id.split_once('/')?;
    Some(Unopened {
        tenant: tenant.into(),
        aggregate_type: event.aggregate_type.as_str().into(),
        aggregate_id: event.aggregate_id.clone(),
        sequence: i64::try_from(event.sequence).ok()?,
        event_type: event.event_type.as_str().into(),
        json: std::mem::take(&mut event.payload),
    })
}

impl PersistedEventRepository for Opening {
    async fn get_events<A: Aggregate>(&self, aggregate_id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        if self.ended_at(0) {
            return Ok(Vec::new());
        }
        self.opened(self.events.get_events::<A>(aggregate_id).await?).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        if self.ended_at(last_sequence) {
            return Ok(Vec::new());
        }
        self.opened(self.events.get_last_events::<A>(aggregate_id, last_sequence).await?).await
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        let asked = sqlx::query_as(SNAPSHOT)
            .bind(A::TYPE)
            .bind(aggregate_id)
            .bind(i32::try_from(self.shape).unwrap_or(i32::MAX));
        // Not by `postgres-es`, which panics over a payload that it cannot decode.
        let found: Option<Found> = match asked.fetch_optional(&self.pool).await {
            Ok(found) => found,
            // What the table has cannot be read; the events suffice.
            Err(error) if error.as_database_error().is_some() => {
                tracing::warn!(aggregate_type = A::TYPE, aggregate_id, %error, "a snapshot cannot be read");
                return Ok(None);
            }
            Err(error) => return Err(PersistenceError::ConnectionError(Box::new(error))),
        };
        let last = found.as_ref().map(|(sequence, event_id, ..)| (*sequence, *event_id));
        let snapshot = found.and_then(|(_, _, sequence, payload)| sequence.zip(payload));
        // A repository serves one load, which asks once.
        let _asked_before = self.seen.set(Seen { last, has_snapshot: snapshot.is_some() });
        let Some((sequence, payload)) = snapshot else { return Ok(None) };
        let of = SnapshotOf { aggregate_type: A::TYPE, aggregate_id, sequence, shape: self.shape };
        let (Some(aggregate), Ok(sequence)) = (self.opened_state(of, &payload).await?, usize::try_from(sequence))
        else {
            return Ok(None);
        };
        // How many there were before it matters to nobody, and which one it is does.
        let snapshot = SerializedSnapshot {
            aggregate_id: aggregate_id.to_owned(),
            aggregate,
            current_sequence: sequence,
            current_snapshot: sequence,
        };
        Ok(Some(snapshot))
    }

    async fn persist<A: Aggregate>(
        &self,
        _: &[SerializedEvent],
        _: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        Err(unused())
    }

    async fn stream_events<A: Aggregate>(&self, _: &str) -> Result<ReplayStream, PersistenceError> {
        Err(unused())
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        Err(unused())
    }
}

fn unused() -> PersistenceError {
    PersistenceError::UnknownError("only loads go through this repository".into())
}
