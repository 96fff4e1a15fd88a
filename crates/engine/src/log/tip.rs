//! What an appender knows of the log without asking: the last event that it put there itself.
//!
//! The log only grows at its end, and what an operator's restore loses is its end. So while that event is still in its
//! place under its own id, everything before it is there too, and with it every version that this process saw committed:
//! one look-up a batch proves what a look-up a stream would. Above a version stands the unique index on streams, which
//! takes no second event in one place. A look at each stream's last version was a third of what an append cost the
//! database.
//!
//! Where the event is also the last of all, nobody else has appended since, and the heads of the tenants are known.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::PgConnection;
use uuid::Uuid;

use super::append::{Append, Expectation};

/// Heads of more tenants are looked up again.
const KNOWN_HEADS: usize = 10_000;
/// For so many batches after a stream turned out to have moved on, every version is looked at before it is built on: two
/// processes at the same streams would else go from one failed insert to the next, and each leaves dead rows.
const WARY_BATCHES: u32 = 64;

static LINEAGES: AtomicU64 = AtomicU64::new(1);

/// The last event of this process in the log, and what is known as long as it is there.
pub(super) struct Tip {
    /// Names all that was committed before `last`, as far as one look-up of `last` proves it.
    lineage: u64,
    last: Option<(i64, Uuid)>,
    heads: HashMap<Arc<str>, i64>,
    wary: u32,
}

impl Tip {
    /// Knows nothing.
    pub(super) fn unknown() -> Self {
        Self { lineage: LINEAGES.fetch_add(1, Ordering::Relaxed), last: None, heads: HashMap::new(), wary: 0 }
    }

    /// The event: its position and its id.
    pub(super) fn last(&self) -> Option<(i64, Uuid)> {
        self.last
    }

    /// Whether the log still has it. Nothing speaks against one that is not known.
    pub(super) async fn is_in(&self, log: &mut PgConnection) -> sqlx::Result<bool> {
        let Some((position, event_id)) = self.last else { return Ok(true) };
        sqlx::query_scalar("select exists (select from log.events where position = $1 and event_id = $2)")
            .bind(position)
            .bind(event_id)
            .fetch_one(log)
            .await
    }

    /// Whether the events up to the expected version are there as long as the tip is, and an event of `append` takes
    /// the next place of the stream, so that it fails when that is taken.
    pub(super) fn vouches(&self, expectation: &Expectation, append: &Append) -> bool {
        let is_known = expectation.version == 0
            || expectation.round.as_ref().is_some_and(|round| round.lineage() == self.lineage && self.last.is_some());
        self.wary == 0
            && is_known
            && append.events.iter().any(|event| {
                event.sequence == expectation.version + 1
                    && event.aggregate_type == expectation.aggregate_type
                    && event.aggregate_id == expectation.aggregate_id
            })
    }

    /// The tenant's last position, if the tip is the last event of the log.
    pub(super) fn head(&self, tenant: &str) -> Option<i64> {
        self.heads.get(tenant).copied()
    }

    /// A batch was committed on top of the log's `base`; its last event is now the tip.
    pub(super) fn advance(&mut self, base: i64, last: (i64, Uuid), heads: impl Iterator<Item = (Arc<str>, i64)>) {
        if self.last.is_none_or(|(position, _)| position != base) || self.heads.len() > KNOWN_HEADS {
            self.heads.clear();
        }
        self.heads.extend(heads);
        self.last = Some(last);
        self.wary = self.wary.saturating_sub(1);
    }

    /// What these appends were decided on has just been committed, or committed upon: the tip proves it from now on.
    pub(super) fn prove<'a>(&self, committed: impl Iterator<Item = &'a Append>) {
        committed.flat_map(Append::rounds).for_each(|round| round.proven_by(self.lineage));
    }

    /// Nothing of what was known is certain any more.
    pub(super) fn forget(&mut self) {
        *self = Self::unknown();
    }

    /// Others append to the same streams.
    pub(super) fn beware(&mut self) {
        self.wary = WARY_BATCHES;
    }
}
