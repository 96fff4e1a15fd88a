//! What a read model is: rows folded from events, by key, in batches.
//!
//! A projection's reducer is a function of the events alone: no clock, no random number, no network. The [`Runner`]
//! feeds it the log in order, folds a batch in memory, and writes rows, progress and checkpoint in one transaction.

mod apply;
mod checkpoints;
mod failure;
mod fold;
mod forget;
mod install;
mod lease;
mod moved;
mod rebuild;
mod remove;
mod runner;
mod skip;
mod source;
mod stall;
mod standing;
mod statistics;

use std::collections::HashMap;
use std::hash::Hash;

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::event::RecordedEvent;

pub use checkpoints::Checkpoints;
pub use fold::{Change, Fold};
pub use install::{Definition, install};
pub use moved::{are_elsewhere, drop_left_behind, have_moved_away, holds_another_log, left_behind, not_moved_yet};
pub use rebuild::{
    Check, Comparison, Difference, Failed, Outcome, Pace, Phase, Progress, Purpose, Rebuild, RebuildError,
    RebuildRequest, RebuildStep, Run, drop_former, roll_back, runs,
};
pub use remove::{Removal, remove};
pub use runner::{Runner, Step, StepError};
pub use skip::{Skip, Skipping, skip, skips};
pub use source::{Source, SourceError, ensure_source};
pub use stall::{Stall, request_retry, stalls};
pub use standing::{Standing, standings};

/// Why a reducer could not take an event in. It is deterministic: the same event fails again until the code changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReducerError {
    message: String,
    is_unknown: bool,
}

impl ReducerError {
    /// Says what is wrong with the event, for the operator.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_unknown: false }
    }

    /// The event is of a type, or of a version of it, that this projection does not know, though it follows its aggregate.
    /// A newer binary may: the [`Runner`] gives it the chance before the projection stops.
    #[must_use]
    pub fn unknown(event: &RecordedEvent) -> Self {
        let RecordedEvent { event_type, event_version, aggregate_type, .. } = event;
        Self {
            message: format!("{event_type} version {event_version} of {aggregate_type} is unknown here"),
            is_unknown: true,
        }
    }
}

impl From<serde_json::Error> for ReducerError {
    fn from(error: serde_json::Error) -> Self {
        Self::new(format!("the payload does not decode: {error}"))
    }
}

/// One read model: its name, its tables, and how an event changes a row.
///
/// An event may come again (after a rebuild from an older checkpoint, say), so a row keeps the sequence of the last
/// event it has taken in, and `reduce` gives the row back as it is for an earlier one.
#[async_trait]
pub trait Projection: Send + Sync + 'static {
    /// `<module>.<plural>`, as in `content.posts`. For ever.
    const NAME: &'static str;
    /// Raised whenever the tables' shape or the reducer's meaning changes; a rebuild follows.
    const VERSION: i32;
    /// The tables, unqualified, first column `tenant_id`. The engine adds row-level security and grants.
    const TABLES: &'static [&'static str];
    /// `create table` and `create index` statements with unqualified names, run once with the schema on the search path.
    const DDL: &'static str;
    /// The aggregate types it follows. Events of others are passed over; of these, every event must decode.
    const FOLLOWS: &'static [&'static str];
    /// Totals that plain SQL over the log must agree with, so that a mistake of the reducer does not hide in a rebuild,
    /// which makes it again.
    const CHECKS: &'static [Check] = &[];
    /// Whether some of its tables follow from the rows that `load` gives (counters, a row a tag). A rebuild then writes
    /// those once, when it is through, instead of with every page: see [`Self::store_own`].
    const DERIVES: bool = false;
    /// Whether the events of one aggregate change rows that those of no other change, from its first event on, so that only the order of
    /// events within an aggregate matters. A rebuild then folds the log aggregate by aggregate, and writes a row once for all that has happened
    /// to it. Where a unique index is over what may pass from one aggregate to another, the order between them matters, too: then it is false.
    const BY_STREAM: bool = false;

    /// An event of a followed aggregate, decoded once.
    type Event: Send + Sync;
    /// What identifies a row, its tenant included.
    type Key: Clone + Eq + Hash + Ord + Send + Sync;
    /// A row as it is folded in memory.
    type Row: Clone + PartialEq + Send + Sync;

    /// Decodes an event of a followed aggregate. A type or version that is not known is an error, never passed over.
    ///
    /// # Errors
    /// When the event is unknown ([`ReducerError::unknown`]) or does not decode.
    fn decode(&self, event: &RecordedEvent) -> Result<Self::Event, ReducerError>;

    /// The keys of the rows that the event may change; empty when it does not matter here.
    ///
    /// # Errors
    /// When the event names no row, though it must.
    fn keys(&self, event: &RecordedEvent, decoded: &Self::Event) -> Result<Vec<Self::Key>, ReducerError>;

    /// The row after the event. Pure.
    ///
    /// # Errors
    /// When the event makes no sense on this row.
    fn reduce(
        &self,
        key: &Self::Key,
        row: Option<Self::Row>,
        event: &RecordedEvent,
        decoded: &Self::Event,
    ) -> Result<Option<Self::Row>, ReducerError>;

    /// Reads the present rows of `keys`, one query. Tables are named without a schema.
    async fn load(
        &self,
        connection: &mut PgConnection,
        keys: &[Self::Key],
    ) -> sqlx::Result<HashMap<Self::Key, Self::Row>>;

    /// Writes all changes of a batch, one `UNNEST` statement a table. Counters follow from before and after.
    async fn store(&self, connection: &mut PgConnection, changes: &[Change<Self::Key, Self::Row>]) -> sqlx::Result<()>;

    /// With [`Self::DERIVES`]: of what `store` does, the part that `load` reads back. With
    /// [`Self::store_derived`] it must come to the same as `store`.
    async fn store_own(
        &self,
        connection: &mut PgConnection,
        changes: &[Change<Self::Key, Self::Row>],
    ) -> sqlx::Result<()> {
        self.store(connection, changes).await
    }

    /// With [`Self::DERIVES`]: the rest of what `store` does. A rebuild calls it with every row once, as one that was not
    /// there before.
    async fn store_derived(
        &self,
        _connection: &mut PgConnection,
        _changes: &[Change<Self::Key, Self::Row>],
    ) -> sqlx::Result<()> {
        Ok(())
    }

    /// With [`Self::DERIVES`]: the rows after a key, in the order of their keys, at most `limit`.
    async fn load_after(
        &self,
        _connection: &mut PgConnection,
        _after: Option<&Self::Key>,
        _limit: i64,
    ) -> sqlx::Result<Vec<(Self::Key, Self::Row)>> {
        Ok(Vec::new())
    }
}
