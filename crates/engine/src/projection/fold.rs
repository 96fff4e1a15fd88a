//! Folds a batch of events in memory: which rows it touches, and what they are afterwards.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Projection, ReducerError};
use crate::event::RecordedEvent;

/// A row before and after a batch: `None` where there is none.
#[derive(Debug, Clone)]
pub struct Change<K, R> {
    /// The row's key; the tenant is always part of it.
    pub key: K,
    /// The row as the table has it.
    pub before: Option<R>,
    /// The row as it must be after the batch; `None` deletes it.
    pub after: Option<R>,
}

/// An event that a projection takes in, with the rows that it may change.
pub(super) struct Relevant<P: Projection> {
    pub(super) event: Arc<RecordedEvent>,
    decoded: P::Event,
    keys: Vec<P::Key>,
}

impl<P: Projection> Relevant<P> {
    /// The rows that it may change.
    pub(super) fn into_keys(self) -> Vec<P::Key> {
        self.keys
    }

    /// The same for these rows alone; `None` when it changes none of them.
    pub(super) fn only(mut self, keys: &BTreeSet<P::Key>) -> Option<Self> {
        self.keys.retain(|key| keys.contains(key));
        (!self.keys.is_empty()).then_some(self)
    }
}

/// An event that a projection cannot take in.
#[derive(Debug, Clone)]
pub(super) struct Culprit {
    pub(super) event: Arc<RecordedEvent>,
    pub(super) error: ReducerError,
}

/// Decodes those of `events` that `projection` follows, and sets aside what it cannot decode: of each tenant the first
/// culprit, and nothing of that tenant after it. What an operator has let pass is left out.
pub(super) fn decode<P: Projection>(
    projection: &P,
    events: &[Arc<RecordedEvent>],
    skips: &BTreeSet<i64>,
) -> (Vec<Relevant<P>>, BTreeMap<Arc<str>, Culprit>) {
    let mut relevant = Vec::with_capacity(events.len());
    let mut culprits = BTreeMap::new();
    for event in events {
        let is_followed = P::FOLLOWS.contains(&&*event.aggregate_type) && !skips.contains(&event.position);
        if !is_followed || culprits.contains_key(&event.tenant_id) {
            continue;
        }
        match caught(|| decode_one(projection, event)) {
            Ok(Some(one)) => relevant.push(one),
            Ok(None) => {}
            Err(error) => {
                culprits.insert(Arc::clone(&event.tenant_id), Culprit { event: Arc::clone(event), error });
            }
        }
    }
    (relevant, culprits)
}

fn decode_one<P: Projection>(projection: &P, event: &Arc<RecordedEvent>) -> Result<Option<Relevant<P>>, ReducerError> {
    let decoded = projection.decode(event)?;
    let mut keys = projection.keys(event, &decoded)?;
    keys.sort_unstable();
    keys.dedup();
    Ok((!keys.is_empty()).then(|| Relevant { event: Arc::clone(event), decoded, keys }))
}

/// A reducer that panics is as deterministic as one that refuses: it stops one tenant, not the projection.
fn caught<T>(code: impl FnOnce() -> Result<T, ReducerError>) -> Result<T, ReducerError> {
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|panic| {
        let message =
            panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(ReducerError::new(format!("the reducer panicked: {}", message.unwrap_or("no message"))))
    })
}

/// The rows that the events may change, each once, in order: writers of a table always take its rows in one order.
pub(super) fn touched<P: Projection>(events: &[&Relevant<P>]) -> Vec<P::Key> {
    let mut keys: Vec<P::Key> = events.iter().flat_map(|event| event.keys.iter().cloned()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The fold of a batch over the rows as the tables have them. Also what tests of a reducer drive, without a database.
pub struct Fold<'p, P: Projection> {
    projection: &'p P,
    before: HashMap<P::Key, P::Row>,
    after: HashMap<P::Key, Option<P::Row>>,
}

impl<'p, P: Projection> Fold<'p, P> {
    /// Starts from `rows`.
    #[must_use]
    pub fn new(projection: &'p P, rows: HashMap<P::Key, P::Row>) -> Self {
        Self { projection, before: rows, after: HashMap::new() }
    }

    /// Takes one event in: all of its rows change, or none does.
    ///
    /// # Errors
    /// When the projection cannot take it in.
    pub fn take(&mut self, event: &Arc<RecordedEvent>) -> Result<(), ReducerError> {
        if !P::FOLLOWS.contains(&&*event.aggregate_type) {
            return Ok(());
        }
        match decode_one(self.projection, event)? {
            Some(relevant) => self.take_relevant(&relevant),
            None => Ok(()),
        }
    }

    pub(super) fn take_relevant(&mut self, relevant: &Relevant<P>) -> Result<(), ReducerError> {
        let reduce = |key: &P::Key| {
            let row = self.after.get(key).cloned().unwrap_or_else(|| self.before.get(key).cloned());
            self.projection.reduce(key, row, &relevant.event, &relevant.decoded)
        };
        let reduced = relevant.keys.iter().map(reduce).collect::<Result<Vec<_>, _>>()?;
        self.after.extend(relevant.keys.iter().cloned().zip(reduced));
        Ok(())
    }

    /// The same for whoever has no use for the rows where it fails: they are not copied for that.
    fn take_on(&mut self, relevant: &Relevant<P>) -> Result<(), ReducerError> {
        for key in &relevant.keys {
            let Relevant { event, decoded, .. } = relevant;
            if let Some(row) = self.after.get_mut(key) {
                *row = self.projection.reduce(key, row.take(), event, decoded)?;
            } else {
                let row = self.projection.reduce(key, self.before.get(key).cloned(), event, decoded)?;
                self.after.insert(key.clone(), row);
            }
        }
        Ok(())
    }

    /// Takes events in, in order, and sets aside what cannot be: as [`decode`] does, the first of each tenant. If there is any, the
    /// rows are of no use.
    pub(super) fn take_all(&mut self, events: &[&Relevant<P>]) -> BTreeMap<Arc<str>, Culprit> {
        let mut culprits = BTreeMap::new();
        for relevant in events {
            if culprits.contains_key(&relevant.event.tenant_id) {
                continue;
            }
            if let Err(error) = caught(|| self.take_on(relevant)) {
                let culprit = Culprit { event: Arc::clone(&relevant.event), error };
                culprits.insert(Arc::clone(&relevant.event.tenant_id), culprit);
            }
        }
        culprits
    }

    /// The rows that differ from what they were, in the order of their keys.
    #[must_use]
    pub fn changes(mut self) -> Vec<Change<P::Key, P::Row>> {
        let mut changes = Vec::with_capacity(self.after.len());
        for (key, after) in self.after {
            let before = self.before.remove(&key);
            if before != after {
                changes.push(Change { key, before, after });
            }
        }
        changes.sort_unstable_by(|one, next| one.key.cmp(&next.key));
        changes
    }

    /// Every row as it is now, in the order of its key.
    #[must_use]
    pub fn rows(self) -> BTreeMap<P::Key, P::Row> {
        let mut rows: BTreeMap<P::Key, P::Row> = self.before.into_iter().collect();
        for (key, after) in self.after {
            match after {
                Some(row) => rows.insert(key, row),
                None => rows.remove(&key),
            };
        }
        rows
    }
}
