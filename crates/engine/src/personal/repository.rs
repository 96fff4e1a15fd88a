//! The events of an aggregate as `postgres-es` reads them, opened.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlx::PgPool;

use super::keyring::{KeyError, Keyring, Unopened};
use super::payload;

/// A repository of which only loads are used: commits are ours, and so are replays.
pub(crate) struct Opening {
    events: PostgresEventRepository,
    keyring: Option<Keyring>,
}

impl Opening {
    pub(crate) fn new(pool: PgPool, keyring: Option<Keyring>) -> Self {
        Self { events: PostgresEventRepository::new(pool).with_tables("log.events", "log.snapshots"), keyring }
    }

    async fn opened(&self, mut events: Vec<SerializedEvent>) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let Some(keyring) = &self.keyring else { return Ok(events) };
        let (places, mut unopened): (Vec<usize>, Vec<Unopened>) =
            events.iter_mut().enumerate().filter_map(|(n, event)| Some((n, taken(event)?))).unzip();
        let opened = keyring.open_json(&mut unopened).await;
        for (n, unopened) in places.into_iter().zip(unopened) {
            events[n].payload = unopened.json;
        }
        opened.map(|()| events).map_err(|error| match error {
            KeyError::Database(error) => PersistenceError::ConnectionError(Box::new(error)),
            other => PersistenceError::DeserializationError(Box::new(other)),
        })
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
        self.events.get_snapshot::<A>(aggregate_id).await
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
