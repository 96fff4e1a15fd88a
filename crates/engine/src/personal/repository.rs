//! The events of an aggregate, and its snapshot, as `cqrs-es` asks for them, opened. The events are read by `postgres-es`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlx::PgPool;

use super::keyring::{KeyError, Keyring, Unopened};
use super::payload;
use super::state::SnapshotOf;

/// The state of one shape, of a stream that has the very event that it was taken at.
const SNAPSHOT: &str = "select s.last_sequence, s.payload::text \
     from log.snapshots s join log.events e on e.aggregate_type = s.aggregate_type and e.aggregate_id = s.aggregate_id \
                                           and e.sequence = s.last_sequence and e.event_id = s.event_id \
     where s.aggregate_type = $1 and s.aggregate_id = $2 and s.shape = $3";

/// A repository of which only loads are used: commits are ours, and so are replays.
pub(crate) struct Opening {
    pool: PgPool,
    events: PostgresEventRepository,
    keyring: Option<Keyring>,
    shape: u32,
    found: Arc<AtomicBool>,
}

impl Opening {
    /// Reads snapshots of one shape alone.
    pub(crate) fn new(pool: PgPool, keyring: Option<Keyring>, shape: u32) -> Self {
        let events = PostgresEventRepository::new(pool.clone()).with_tables("log.events", "log.snapshots");
        Self { pool, events, keyring, shape, found: Arc::default() }
    }

    /// Whether a load has found a snapshot, usable or not.
    pub(crate) fn found(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.found)
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
        self.opened(self.events.get_events::<A>(aggregate_id).await?).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
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
        let found: Option<(i64, String)> = match asked.fetch_optional(&self.pool).await {
            Ok(found) => found,
            // What the table has cannot be read; the events suffice.
            Err(error) if error.as_database_error().is_some() => {
                tracing::warn!(aggregate_type = A::TYPE, aggregate_id, %error, "a snapshot cannot be read");
                None
            }
            Err(error) => return Err(PersistenceError::ConnectionError(Box::new(error))),
        };
        let Some((sequence, payload)) = found else { return Ok(None) };
        self.found.store(true, Ordering::Relaxed);
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
