//! Forgets a person who is erased while the projection has stopped for the tenant.
//!
//! Nothing behind the stall may be taken in, and yet the person must not be shown until somebody has mended it. What the
//! rows should be is what a rebuild would make of the events before the stall, now that the key is gone. So the rows that hold something of
//! the person are folded anew from those; all others stay as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sqlx::PgPool;
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;

use super::apply::{Batch, READ, advance, begin};
use super::fold::{Fold, Relevant, decode};
use super::{Change, Projection};
use crate::database::{ANSWER, WORK, in_time};
use crate::event::RecordedEvent;
use crate::log;
use crate::personal::{self, ERASES, KeyError, Keyring};

/// Events that are read at once.
const PAGE: i64 = 500;
/// Events that are looked through at once for those that erase somebody.
const STRETCH: i64 = 10_000;

/// The stretch of a tenant's log behind a stall that was not looked through yet for events that erase somebody.
pub(super) struct Search {
    tenant: Arc<str>,
    after: i64,
    /// Not asked for before its turn: whoever begins to lead must not ask about a thousand tenants first.
    last: Option<i64>,
}

impl Search {
    /// From the tenant's own position `from` on, up to its head.
    pub(super) fn begin(tenant: Arc<str>, from: i64) -> Self {
        Self { tenant, after: from - 1, last: None }
    }

    /// What erases somebody in the next stretch.
    pub(super) async fn next(&mut self, log: &PgPool) -> sqlx::Result<Vec<Arc<RecordedEvent>>> {
        if self.last.is_none() {
            self.last = Some(in_time(ANSWER, log::tenant_head(log, &self.tenant)).await?);
        }
        let sql = format!(
            "select {} from log.events where tenant_id = $1 and tenant_position > $2 and tenant_position <= $3 and metadata->>$4 is not null order by tenant_position",
            log::COLUMNS
        );
        let asked = sqlx::query_as(&sql).bind(&*self.tenant).bind(self.after).bind(self.after + STRETCH).bind(ERASES);
        let erasing: Vec<RecordedEvent> = in_time(WORK, asked.fetch_all(log)).await?;
        self.after += STRETCH;
        Ok(erasing.into_iter().map(Arc::new).collect())
    }

    pub(super) fn is_over(&self) -> bool {
        self.last.is_some_and(|last| self.after >= last)
    }
}

/// The rows that held something of somebody, as they are without it; `None` where there is none.
pub(super) type Anew<P> = BTreeMap<<P as Projection>::Key, Option<<P as Projection>::Row>>;

/// What came of a fold: rows, or what was taken in once and cannot be now.
type Folded<P> = Result<Result<Anew<P>, String>, KeyError>;

/// The events of a tenant before a stall.
pub(super) struct Before {
    pub(super) log: PgPool,
    pub(super) keyring: Keyring,
    /// Positions that an operator has let pass.
    pub(super) skips: Arc<BTreeSet<i64>>,
    pub(super) tenant: Arc<str>,
    /// The first event, in the tenant's own log, that was not taken in.
    pub(super) stalled_at: i64,
}

/// Somebody who is being forgotten: the fold takes its time, and nobody waits for it.
pub(super) struct Forgetting<P: Projection> {
    pub(super) erasing: Arc<RecordedEvent>,
    /// It is about the events before this one. Once the stall has moved it is void.
    pub(super) stalled_at: i64,
    folding: AbortOnDropHandle<Folded<P>>,
}

impl<P: Projection> Forgetting<P> {
    /// Forgets whom `erasing` erases.
    pub(super) fn begin(projection: Arc<P>, before: Before, erasing: Arc<RecordedEvent>) -> Self {
        let subject = erasing.metadata.get(ERASES).unwrap_or_default().into_owned();
        let stalled_at = before.stalled_at;
        let folding = tokio::spawn(async move { fold_anew(&*projection, &before, &subject).await });
        Self { erasing, stalled_at, folding: AbortOnDropHandle::new(folding) }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.folding.is_finished()
    }

    /// What has come of it.
    pub(super) async fn rows(self) -> Result<Folded<P>, JoinError> {
        self.folding.await
    }
}

/// Folds anew what holds something of `subject`.
async fn fold_anew<P: Projection>(projection: &P, before: &Before, subject: &str) -> Folded<P> {
    let mut keys: BTreeSet<P::Key> = BTreeSet::new();
    let mut after = 0;
    while let Some(page) = before.page(&mut after).await? {
        let concerned: Vec<_> = page.into_iter().filter(|event| personal::concerns(event, subject)).collect();
        let (relevant, culprits) = decode(projection, &before.opened::<P>(concerned).await?, &before.skips);
        if let Some(culprit) = culprits.into_values().next() {
            return Ok(Err(culprit.error.message));
        }
        keys.extend(relevant.into_iter().flat_map(Relevant::into_keys));
    }
    if keys.is_empty() {
        return Ok(Ok(BTreeMap::new()));
    }
    let mut fold = Fold::new(projection, HashMap::new());
    let mut after = 0;
    while let Some(page) = before.page(&mut after).await? {
        let (relevant, culprits) = decode(projection, &before.opened::<P>(page).await?, &before.skips);
        if let Some(culprit) = culprits.into_values().next() {
            return Ok(Err(culprit.error.message));
        }
        let relevant: Vec<_> = relevant.into_iter().filter_map(|one| one.only(&keys)).collect();
        if let Some(culprit) = fold.take_all(&relevant.iter().collect::<Vec<_>>()).into_values().next() {
            return Ok(Err(culprit.error.message));
        }
    }
    let mut rows = fold.rows();
    Ok(Ok(keys.into_iter().map(|key| (key.clone(), rows.remove(&key))).collect()))
}

impl Before {
    /// The next events before the stall; `None` when there are no more.
    async fn page(&self, after: &mut i64) -> sqlx::Result<Option<Vec<RecordedEvent>>> {
        let mut page = log::read_tenant(&self.log, &self.tenant, *after, PAGE).await?;
        page.retain(|event| event.tenant_position < self.stalled_at);
        let Some(last) = page.last() else { return Ok(None) };
        *after = last.tenant_position;
        Ok(Some(page))
    }

    async fn opened<P: Projection>(&self, events: Vec<RecordedEvent>) -> Result<Vec<Arc<RecordedEvent>>, KeyError> {
        let followed = events.into_iter().filter(|event| P::FOLLOWS.contains(&&*event.aggregate_type));
        let mut followed: Vec<Arc<RecordedEvent>> = followed.map(Arc::new).collect();
        self.keyring.open_shared(followed.iter_mut().collect()).await?;
        Ok(followed)
    }
}

/// Puts the rows in the place of those that serve; false, and nothing is written, unless the lease and the checkpoint are
/// those of `batch`. To be run in a task that nobody drops.
pub(super) async fn write<P: Projection>(
    projection: Arc<P>,
    pool: PgPool,
    batch: Batch,
    anew: Anew<P>,
) -> sqlx::Result<bool> {
    let mut transaction = begin(&pool, READ).await?;
    if !advance::<P>(&mut transaction, &batch, &BTreeMap::new()).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    let keys: Vec<P::Key> = anew.keys().cloned().collect();
    let mut live = projection.load(&mut transaction, &keys).await?;
    let rows = anew.into_iter().map(|(key, after)| Change { before: live.remove(&key), key, after });
    let changes: Vec<Change<P::Key, P::Row>> = rows.filter(|change| change.before != change.after).collect();
    if !changes.is_empty() {
        projection.store(&mut transaction, &changes).await?;
    }
    transaction.commit().await?;
    Ok(true)
}
