//! Snapshots: states that lanes have at hand, written beside the log, so that a long stream is not folded from its first event
//! whenever it is loaded.
//!
//! - Nobody waits for one. A lane offers a state that the log has confirmed; one task of the process writes what was offered, and
//!   what it has no room for is left out.
//! - A snapshot is a shorter way to what the events say, and nothing else. It is read in the shape that its reader knows, and
//!   where its stream has the very event that it was taken at. What does not open or decode is as if it were not there.
//! - What a state says of a person is sealed under that person's key, and goes with it.

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use sqlx::PgPool;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::database::in_time;
use crate::personal::{KeyError, Keyring, SnapshotOf, is_unsealed};

/// States that may wait to be written. They are in memory anyway, as those of their lanes.
const WAITING: usize = 64;
/// The largest state that is written, in bytes of JSON.
const LARGEST: usize = 1 << 20;
/// How long the database may take to write one.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the states of an aggregate type are written out.
pub struct Shape<A> {
    /// To be raised whenever a state that was written out would be read as another one than its events make now. One of
    /// another version is not read.
    pub version: u32,
    /// Whose personal data a state holds.
    pub subject: fn(&A) -> Option<String>,
}

impl<A> Clone for Shape<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Shape<A> {}

/// A process's way to have snapshots. Clones share one queue and one [`SnapshotWriter`].
#[derive(Clone)]
pub struct Snapshots {
    offers: mpsc::Sender<Offer>,
    every: i64,
    /// That of the events which the states are made of. Without one nothing is offered.
    epoch: Option<i32>,
}

impl Snapshots {
    /// The handle, and the writer that someone has to run: `while writer.step().await {}`. A stream has its snapshot written
    /// whenever it passes another `every` events; 0 neither writes nor reads any. `pool` connects as `tidemark_log`.
    #[must_use]
    pub fn new(pool: PgPool, every: u32) -> (Self, SnapshotWriter) {
        for reason in ["queue", "size", "outdated", "refused", "away"] {
            counter!("tidemark_snapshots_left_out_total", "reason" => reason).increment(0);
        }
        counter!("tidemark_snapshots_damaged_total").increment(0);
        let (offers, offered) = mpsc::channel(WAITING);
        (Self { offers, every: every.into(), epoch: None }, SnapshotWriter { offered, pool })
    }

    pub(super) fn are_on(&self) -> bool {
        self.every > 0
    }

    pub(super) fn in_epoch(&self, epoch: i32) -> Self {
        Self { epoch: Some(epoch), ..self.clone() }
    }

    /// When a state at `version` is due to be written, after what was last known of its snapshot: what it is to replace.
    pub(super) fn due(&self, version: i64, last: Last) -> Option<Due> {
        let epoch = self.epoch?;
        let passed = version - version.checked_rem(self.every)?;
        match last {
            Last::At(sequence) if passed > sequence => Some(Due { epoch, outdated: passed }),
            Last::At(_) => None,
            Last::Damaged => Some(Due { epoch, outdated: i64::MAX }),
        }
    }

    /// Puts a state into the queue, where there is room.
    pub(super) fn offer(&self, offer: Offer) {
        if self.offers.try_send(offer).is_err() {
            left_out("queue");
        }
    }
}

/// What a lane knows of the snapshot of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// It was taken at this sequence, or so it was offered; 0 for none.
    At(i64),
    /// There is one that cannot be used.
    Damaged,
}

/// Why and over what a state is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    epoch: i32,
    /// A snapshot that was taken before this sequence gives way. So two processes that know the same stream write it once.
    outdated: i64,
}

/// A state on its way into a snapshot.
pub(super) struct Offer {
    pub(super) due: Due,
    pub(super) aggregate_type: &'static str,
    pub(super) aggregate_id: Arc<str>,
    /// The place and the id of the last event that the state has taken in.
    pub(super) sequence: i64,
    pub(super) event_id: Uuid,
    pub(super) shape: u32,
    pub(super) subject: Option<String>,
    pub(super) keyring: Option<Keyring>,
    /// Makes JSON of the state, for which nobody's command is to wait.
    pub(super) write_out: Box<dyn FnOnce() -> serde_json::Result<String> + Send>,
}

/// The one task of a process that writes snapshots. [`SnapshotWriter::step`] is its loop's one step.
pub struct SnapshotWriter {
    offered: mpsc::Receiver<Offer>,
    pool: PgPool,
}

impl SnapshotWriter {
    /// Writes the snapshot that was offered next, or leaves it out. False once nobody can offer one any more.
    pub async fn step(&mut self) -> bool {
        let Some(offer) = self.offered.recv().await else { return false };
        let (aggregate_type, aggregate_id) = (offer.aggregate_type, Arc::clone(&offer.aggregate_id));
        match write(&self.pool, offer).await {
            Ok(()) => counter!("tidemark_snapshots_written_total").increment(1),
            Err(NotWritten::TooLarge) => left_out("size"),
            Err(NotWritten::Outdated) => left_out("outdated"),
            Err(NotWritten::Refused(reason)) => {
                tracing::warn!(aggregate_type, %aggregate_id, reason, "a snapshot cannot be written");
                left_out("refused");
            }
            Err(NotWritten::Away(error)) => {
                tracing::debug!(%error, "a snapshot was not written");
                left_out("away");
                // Those that wait would meet the same, one after another, and hold up the end of the process.
                while self.offered.try_recv().is_ok() {
                    left_out("away");
                }
            }
        }
        true
    }
}

enum NotWritten {
    TooLarge,
    /// There is one that is as good; or the epoch, the event or the person it is of are gone.
    Outdated,
    Refused(String),
    Away(sqlx::Error),
}

impl From<sqlx::Error> for NotWritten {
    fn from(error: sqlx::Error) -> Self {
        let code =
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned);
        match code.as_deref() {
            // The tenant is deleted, or the person's key is being changed.
            Some("TM003" | "55P03") => Self::Outdated,
            // It shuts down, has no room, or has become one that only reads.
            Some(code) if code.starts_with("57") || code.starts_with("53") || code == "25006" => Self::Away(error),
            Some(_) => Self::Refused(error.to_string()),
            None => Self::Away(error),
        }
    }
}

impl From<KeyError> for NotWritten {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Erased => Self::Outdated,
            KeyError::Database(error) => error.into(),
            error @ (KeyError::OtherSecret(_) | KeyError::NoKeyring | KeyError::Rotating(_)) => {
                Self::Refused(error.to_string())
            }
        }
    }
}

async fn write(pool: &PgPool, offer: Offer) -> Result<(), NotWritten> {
    let Offer { due, aggregate_type, aggregate_id, sequence, event_id, shape, subject, keyring, write_out } = offer;
    // What a failure says may quote the state.
    let state = write_out().map_err(|_| NotWritten::Refused("the state cannot be written out".into()))?;
    if state.len() > LARGEST {
        return Err(NotWritten::TooLarge);
    }
    let of = SnapshotOf { aggregate_type, aggregate_id: &aggregate_id, sequence, shape };
    let payload = match (&subject, keyring) {
        (Some(subject), Some(keyring)) => keyring.seal_state(of, subject, state).await?,
        (Some(_), None) => return Err(KeyError::NoKeyring.into()),
        (None, _) if is_unsealed(&state) => {
            return Err(NotWritten::Refused("the state has personal data and no subject".into()));
        }
        (None, _) => state,
    };
    let writing = sqlx::query_scalar("select log.write_snapshot($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(due.epoch)
        .bind(of.tenant())
        .bind(aggregate_type)
        .bind(&*aggregate_id)
        .bind(sequence)
        .bind(event_id)
        .bind(due.outdated)
        .bind(i32::try_from(shape).unwrap_or(i32::MAX))
        .bind(&subject)
        .bind(payload);
    let is_written: bool = in_time(PATIENCE, writing.fetch_one(pool)).await?;
    if is_written { Ok(()) } else { Err(NotWritten::Outdated) }
}

fn left_out(reason: &'static str) {
    counter!("tidemark_snapshots_left_out_total", "reason" => reason).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_snapshot_is_due_whenever_another_so_many_events_have_passed() {
        let pool = PgPool::connect_lazy("postgres://localhost/none").expect("an address");
        let (snapshots, _writer) = Snapshots::new(pool, 100);
        assert_eq!(snapshots.due(100, Last::At(0)), None, "nobody knows of which epoch");
        let snapshots = snapshots.in_epoch(7);
        let due = |outdated| Some(Due { epoch: 7, outdated });
        for (version, last, expected) in [
            (99, Last::At(0), None),
            (100, Last::At(0), due(100)),
            (101, Last::At(0), due(100)),
            (199, Last::At(100), None),
            (200, Last::At(199), due(200)),
            (950, Last::At(120), due(900)),
            // A stream that was cut is shorter than what was known of it.
            (100, Last::At(250), None),
            (7, Last::Damaged, due(i64::MAX)),
        ] {
            assert_eq!(snapshots.due(version, last), expected, "{version} after {last:?}");
        }
    }
}
