//! A lane: the commands of one aggregate, one after another, on its cached state.
//!
//! The head of a lane may be ahead of the log by events that are still in flight, so a hot aggregate goes at the speed
//! of batches and not of round trips. Its base is the last state that the log has confirmed; from there the lane starts
//! again when something in flight came to nothing.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, AggregateError, EventStore};
use metrics::counter;
use sqlx::PgPool;
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::snapshots::{Last, Offer, Shape, Snapshots};
use crate::database::{ANSWER, in_time};
use crate::log::{Round, read_stream};
use crate::personal::{KeyError, Keyring, Opening};

/// What an empty lane is taken to weigh, with its place in the map.
pub(super) const LEAST_BYTES: usize = 2048;
/// A state is weighed again after so many bytes of events: it is written out for that.
const UNWEIGHED_BYTES: usize = 4096;

/// Where aggregates are loaded from.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) pool: PgPool,
    /// For whole streams alone: each is a statement of its own text, and may take long.
    pub(super) loads: PgPool,
    /// Opens personal data; without it, what has some does not load.
    pub(super) keyring: Option<Keyring>,
    /// Without it streams are folded from their first event.
    pub(super) snapshots: Option<Snapshots>,
}

/// The state of an aggregate at a version.
pub(super) struct At<A> {
    pub(super) state: Arc<A>,
    pub(super) version: i64,
    /// The id of the last event in it, where that is known: others may have come while it was loaded. After a restore another
    /// event has its place.
    pub(super) event_id: Option<Uuid>,
}

impl<A> Clone for At<A> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), version: self.version, event_id: self.event_id }
    }
}

/// Where the next command of the aggregate decides.
pub(super) struct Head<A> {
    pub(super) at: At<A>,
    pub(super) round: Round,
    loaded: bool,
}

/// One aggregate's lane. Whoever holds its head decides; nobody else does meanwhile.
pub(super) struct Lane<A> {
    aggregate_id: Arc<str>,
    shape: Shape<A>,
    head: Arc<tokio::sync::Mutex<Head<A>>>,
    base: Mutex<At<A>>,
    /// Bytes that it was last taken to weigh.
    weight: AtomicUsize,
    /// Bytes of events that have come since.
    unweighed: AtomicUsize,
    snapshot: Mutex<Last>,
}

/// Why an aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is worth another try.
    #[error("the log is away: {0}")]
    Away(String),
    /// An event of the stream is unknown here or damaged.
    #[error("stream {stream} does not load: {reason}")]
    Broken {
        /// Which.
        stream: String,
        /// What is wrong with it. It may quote what the event says.
        reason: String,
    },
}

impl<A: Aggregate + Clone + 'static> Lane<A> {
    pub(super) fn new(aggregate_id: Arc<str>, shape: Shape<A>) -> Self {
        let at = At { state: Arc::new(A::default()), version: 0, event_id: None };
        let head = Head { at: at.clone(), round: Round::default(), loaded: false };
        Self {
            aggregate_id,
            shape,
            head: Arc::new(tokio::sync::Mutex::new(head)),
            base: Mutex::new(at),
            weight: AtomicUsize::new(LEAST_BYTES),
            unweighed: AtomicUsize::new(0),
            snapshot: Mutex::new(Last::At(0)),
        }
    }

    /// The log's id of the aggregate.
    pub(super) fn aggregate_id(&self) -> &Arc<str> {
        &self.aggregate_id
    }

    /// What it weighs now, in bytes, where that is more than it was taken to weigh and worth the telling.
    pub(super) fn outgrown(&self) -> Option<usize> {
        if self.unweighed.load(Ordering::Relaxed) < UNWEIGHED_BYTES {
            return None;
        }
        self.unweighed.store(0, Ordering::Relaxed);
        let weight = LEAST_BYTES + weight_of(&*self.base().state);
        let before = self.weight.load(Ordering::Relaxed);
        if weight < before + before / 2 {
            return None;
        }
        self.weight.store(weight, Ordering::Relaxed);
        Some(weight)
    }

    /// Waits for the lane and brings its head up to what is known. True beside it when the state was read from the log
    /// just now, so that nothing in flight is part of it. Where nothing is known yet of what `is_new`, that is what it
    /// begins with: only the log knows better, and says so.
    pub(super) async fn enter(
        &self,
        source: &Source,
        is_new: bool,
    ) -> Result<(OwnedMutexGuard<Head<A>>, bool), LoadError> {
        let mut head = Arc::clone(&self.head).lock_owned().await;
        if is_new && !head.loaded {
            head.loaded = true;
        }
        if head.loaded && !head.round.is_broken() {
            return Ok((head, false));
        }
        let base = self.base();
        let at = if base.version == 0 { self.load(source).await? } else { self.catch_up(source, base).await? };
        *self.base.lock().unwrap_or_else(PoisonError::into_inner) = at.clone();
        self.unweighed.store(UNWEIGHED_BYTES, Ordering::Relaxed);
        self.offer(source, &at);
        *head = Head { at, round: Round::default(), loaded: true };
        Ok((head, true))
    }

    /// A state that the log has confirmed and that is later than `version`, which is outdated; the present one where there
    /// is none yet. Of many that need to read the log only the first one does.
    pub(super) async fn known_after(&self, version: i64, source: &Source) -> Result<At<A>, LoadError> {
        let base = self.base();
        if base.version > version {
            return Ok(base);
        }
        let _turn = self.head.lock().await;
        let base = self.base();
        if base.version > version {
            return Ok(base);
        }
        let at = if base.version == 0 { self.load(source).await? } else { self.catch_up(source, base).await? };
        self.confirm(at.clone(), UNWEIGHED_BYTES);
        self.offer(source, &at);
        Ok(at)
    }

    /// Takes note of a state that the log has confirmed, `bytes` of events after what it had.
    pub(super) fn confirm(&self, at: At<A>, bytes: usize) {
        self.unweighed.fetch_add(bytes, Ordering::Relaxed);
        let mut base = self.base.lock().unwrap_or_else(PoisonError::into_inner);
        if at.version > base.version {
            *base = at;
        }
    }

    fn base(&self) -> At<A> {
        self.base.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets a state that the log has confirmed become the stream's snapshot, where one is due. It does not wait for that.
    pub(super) fn offer(&self, source: &Source, at: &At<A>) {
        let (Some(snapshots), Some(event_id)) = (&source.snapshots, at.event_id) else { return };
        let due = {
            let mut last = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(due) = snapshots.due(at.version, *last) else { return };
            *last = Last::At(at.version);
            due
        };
        let state = Arc::clone(&at.state);
        snapshots.offer(Offer {
            due,
            aggregate_type: A::TYPE,
            aggregate_id: Arc::clone(&self.aggregate_id),
            sequence: at.version,
            event_id,
            shape: self.shape.version,
            subject: (self.shape.subject)(&at.state),
            keyring: source.keyring.clone(),
            write_out: Box::new(move || serde_json::to_string(&*state)),
        });
    }

    /// A cold load, through `postgres-es`.
    pub(super) async fn load(&self, source: &Source) -> Result<At<A>, LoadError> {
        let repository = Opening::new(source.loads.clone(), source.keyring.clone(), self.shape.version);
        let seen = repository.seen();
        // How many events lie between two snapshots matters to its commits alone, which are ours.
        let store = match source.snapshots {
            Some(_) => PersistedEventStore::<_, A>::new_snapshot_store(repository, 1),
            None => PersistedEventStore::new_event_store(repository),
        };
        let loading = async { sqlx::Result::Ok(store.load_aggregate(&self.aggregate_id).await) };
        let loaded = in_time(ANSWER, loading).await.map_err(|error: sqlx::Error| LoadError::Away(error.to_string()))?;
        let context = loaded.map_err(|error| match error {
            AggregateError::DatabaseConnectionError(error) | AggregateError::UnexpectedError(error) => {
                LoadError::Away(error.to_string())
            }
            other => self.broken(other.to_string()),
        })?;
        let from = if context.current_snapshot.is_some() { "snapshot" } else { "events" };
        counter!("tidemark_loads_total", "from" => from).increment(1);
        let seen = seen.get();
        let last = match context.current_snapshot {
            Some(sequence) => Last::At(i64::try_from(sequence).unwrap_or(i64::MAX)),
            None if seen.is_some_and(|seen| seen.has_snapshot) => self.damaged(),
            None => Last::At(0),
        };
        *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner) = last;
        let version = i64::try_from(context.current_sequence).unwrap_or(i64::MAX);
        // Its id was read before it was folded. Were it another one by then, the snapshot would be refused.
        let event_id = seen.and_then(|seen| seen.last).filter(|(last, _)| *last == version).map(|(_, id)| id);
        Ok(At { state: Arc::new(context.aggregate), version, event_id })
    }

    /// Only what came after the base: a conflict on a long stream costs its tail and not the whole of it. A stream that
    /// no longer holds the base was cut, and is loaded anew.
    async fn catch_up(&self, source: &Source, base: At<A>) -> Result<At<A>, LoadError> {
        let mut tail = read_stream(&source.loads, A::TYPE, &self.aggregate_id, base.version - 1)
            .await
            .map_err(|error| LoadError::Away(error.to_string()))?;
        let (Some(first), Some(last)) = (tail.first(), tail.last()) else {
            return self.load(source).await;
        };
        if first.sequence != base.version || base.event_id.is_some_and(|known| known != first.event_id) {
            return self.load(source).await;
        }
        let (version, event_id) = (last.sequence, Some(last.event_id));
        if let Some(keyring) = &source.keyring {
            keyring.open(&mut tail).await.map_err(|error| match error {
                KeyError::Database(error) => LoadError::Away(error.to_string()),
                other => self.broken(other.to_string()),
            })?;
        }
        let mut state = A::clone(&base.state);
        for event in tail.into_iter().skip(1) {
            state.apply(event.decode().map_err(|error| self.broken(error.to_string()))?);
        }
        Ok(At { state: Arc::new(state), version, event_id })
    }

    fn damaged(&self) -> Last {
        counter!("tidemark_snapshots_damaged_total").increment(1);
        tracing::warn!(
            aggregate_type = A::TYPE,
            aggregate_id = %self.aggregate_id,
            "a snapshot does not open or decode; the stream was read instead, and the snapshot is written anew"
        );
        Last::Damaged
    }

    fn broken(&self, reason: String) -> LoadError {
        LoadError::Broken { stream: format!("{} {}", A::TYPE, self.aggregate_id), reason }
    }
}

/// The bytes of a state as JSON: near enough to what it takes in memory.
fn weight_of(state: &impl serde::Serialize) -> usize {
    struct Scale(usize);
    impl io::Write for Scale {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut scale = Scale(0);
    // A state that does not write out weighs what came of it until then.
    drop(serde_json::to_writer(&mut scale, state));
    scale.0
}
