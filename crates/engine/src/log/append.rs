//! What one command asks the log to do, and what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::trace::TraceParent;

/// One event that a command decided, not yet in the log. Its position comes from the append.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// UUIDv7, unique for ever.
    pub event_id: Uuid,
    /// Type of the aggregate.
    pub aggregate_type: &'static str,
    /// The log's id of the aggregate, `<tenant>/<id>`.
    pub aggregate_id: Arc<str>,
    /// Its place in the stream.
    pub sequence: i64,
    /// Type of the event.
    pub event_type: String,
    /// Version of its shape.
    pub event_version: String,
    /// The event's JSON.
    pub payload: String,
    /// The JSON of its [`Metadata`](crate::event::Metadata), shared by all events of the command.
    pub metadata: Arc<str>,
}

/// A stream and the version that the command was decided on.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Type of the aggregate.
    pub aggregate_type: &'static str,
    /// The log's id of the aggregate, `<tenant>/<id>`.
    pub aggregate_id: Arc<str>,
    /// Its last sequence, 0 when it has none.
    pub version: i64,
    /// The round of those who decide on this stream one on top of the other; `None` for who only looked at it.
    pub round: Option<Round>,
}

/// What happens to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimOperation {
    /// Refused when another aggregate holds it.
    Take,
    /// Nothing happens when this aggregate does not hold it.
    Free,
    /// Refused when nobody in the tenant holds another value of the scope.
    FreeUnlessLast,
}

/// A change of one claim by one aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What happens to it.
    pub operation: ClaimOperation,
    /// What kind of value is unique, `user.email`.
    pub scope: String,
    /// The value.
    pub value: String,
    /// Type of the aggregate that holds it.
    pub aggregate_type: &'static str,
    /// The log's id of the aggregate that holds it.
    pub aggregate_id: Arc<str>,
}

/// A secret written, or with `None` removed, by the same append.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// What it is, `password`.
    pub kind: String,
    /// Whose it is.
    pub subject: String,
    /// The secret, never shown by `Debug`.
    pub value: Option<String>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({}, {}, ...)", self.kind, self.subject)
    }
}

/// A change of rows beside the log that are more than a secret: the call of a database function, made after the append's
/// events and in their transaction. Order is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The function, with its schema. It takes the tenant and `argument`, both as text.
    pub function: &'static str,
    /// What it is told, JSON. It may hold a hash or what is sealed, and is never shown by `Debug`.
    pub argument: String,
}

impl std::fmt::Debug for RowChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowChange({}, ...)", self.function)
    }
}

/// An idempotency key with what it stands for. The tenant belongs to the [`Append`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Digest over tenant, actor and key.
    pub id: Uuid,
    /// Digest of the request that uses it.
    pub request_hash: [u8; 32],
}

impl IdempotencyKey {
    /// Digests `key` within tenant and actor. 128 bits of SHA-256 are enough, since tenant and actor, which a client
    /// cannot choose, are part of the input.
    #[must_use]
    pub fn new(tenant: &str, actor: &str, key: &str, request_hash: [u8; 32]) -> Self {
        let mut digest = Sha256::new();
        for part in [tenant, actor, key] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let digest: [u8; 32] = digest.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self { id: Uuid::from_bytes(id), request_hash }
    }
}

/// Ties together appends that build on each other before any of them is confirmed. As soon as one that carries events
/// is not committed, all that come after it in the same round are refused as conflicts: their expected versions alone
/// would not tell, since another process may have put its own event in the place of the missing one.
#[derive(Debug, Clone, Default)]
pub struct Round(Arc<Standing>);

#[derive(Debug, Default)]
struct Standing {
    broken: AtomicBool,
    /// The lineage in which an append of the round was committed last, 0 before that.
    lineage: AtomicU64,
}

impl Round {
    /// Whether an append of this round was not committed.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.broken.load(Ordering::Acquire)
    }

    pub(super) fn break_off(&self) {
        self.0.broken.store(true, Ordering::Release);
    }

    /// What the round has come to is in the log before the tip of this lineage.
    pub(super) fn proven_by(&self, lineage: u64) {
        self.0.lineage.store(lineage, Ordering::Release);
    }

    pub(super) fn lineage(&self) -> u64 {
        self.0.lineage.load(Ordering::Acquire)
    }

    /// The same for clones of one round and for nothing else alive.
    pub(super) fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

/// All that one command writes: it is in the log as a whole or not at all.
#[derive(Debug, Clone)]
pub struct Append {
    /// The tenant of everything in it.
    pub tenant: Arc<str>,
    /// The versions it was decided on, one a stream, of streams it only read too.
    pub expectations: Vec<Expectation>,
    /// Its events, in order. Empty for a command that changes nothing.
    pub events: Vec<NewEvent>,
    /// The claims that its events change, in order.
    pub claims: Vec<Claim>,
    /// The secrets it writes.
    pub secrets: Vec<Secret>,
    /// The other rows that it changes.
    pub row_changes: Vec<RowChange>,
    /// The people whose keys and secrets it destroys.
    pub erasures: Vec<String>,
    /// The key to remember, and the answer to give when it comes again.
    pub key: Option<(IdempotencyKey, Vec<u8>)>,
    /// How often its command was decided in vain before.
    pub tries: u32,
    /// Where in its trace it was asked for, if that is recorded.
    pub trace: Option<TraceParent>,
}

impl Append {
    /// Whether something that it was decided on is known not to have been committed.
    pub(super) fn is_felled(&self) -> bool {
        self.rounds().any(Round::is_broken)
    }

    /// The rounds it belongs to.
    pub(super) fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.expectations.iter().filter_map(|expectation| expectation.round.as_ref())
    }

    /// Bytes it sends to the database, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        let events: usize = self.events.iter().map(|event| event.payload.len() + event.metadata.len() + 160).sum();
        events + self.key.as_ref().map_or(0, |(_, answer)| answer.len() + 64) + 96 * self.expectations.len()
    }
}

/// Where a change was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In the log; of a command without events the head it was confirmed at.
    pub position: i64,
    /// Among the tenant's events.
    pub tenant_position: i64,
}

/// What the log made of an [`Append`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// Committed and synced to disk, or, without events and key, confirmed.
    Committed(Place),
    /// The key was used by the same request before: this is its answer.
    Replayed {
        /// Where the first one was recorded.
        place: Place,
        /// The answer it was given.
        answer: Vec<u8>,
    },
    /// The key was used by another request before.
    KeyReused,
    /// A stream has moved on: decide again.
    Conflict,
    /// A claim of this scope is held by another aggregate, or is the last of its scope.
    ClaimRefused {
        /// The scope at fault.
        scope: String,
    },
    /// A change of rows beside the log was refused by its function, which has raised [`REFUSED_BY_ROWS`].
    RowsRefused,
}

/// The state with which a function of a [`RowChange`] says that a rule, and not a defect, forbids the append.
pub const REFUSED_BY_ROWS: &str = "TM100";

/// The state with which the log says that a tenant is deleted: nothing is ever recorded for it again.
pub(crate) const TENANT_DELETED: &str = "TM003";

/// Why an append came to no decision.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The queue is full. Nothing was sent.
    #[error("too many commands are waiting for the log")]
    Overloaded,
    /// The database is away. Nothing was written, and nothing will be.
    #[error("the log is away: {0}")]
    Unavailable(Arc<str>),
    /// The connection broke while the commit was under way and did not come back in time: it may be in the log or not.
    #[error("the outcome of the append is unknown")]
    OutcomeUnknown,
    /// Its tenant is deleted. Nothing was written, and nothing ever will be.
    #[error("the tenant is deleted")]
    TenantDeleted,
    /// This append alone makes the database raise an error. Nothing was written.
    #[error("the database refused the append: {0}")]
    Refused(Arc<str>),
    /// An event is larger than [`MAX_EVENT_BYTES`]. Nothing was sent.
    #[error("an event of {size} bytes is larger than {MAX_EVENT_BYTES}")]
    EventTooLarge {
        /// Bytes of its payload.
        size: usize,
    },
}

/// The largest payload of one event: NATS carries it with room for headers under a `max_payload` of 8 MiB.
pub const MAX_EVENT_BYTES: usize = 2 * 1024 * 1024;
