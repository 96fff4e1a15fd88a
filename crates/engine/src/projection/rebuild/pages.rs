//! Reading the log ahead of the fold: pages in order, several read and decoded at the same time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures::TryStreamExt;
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::RebuildError;
use crate::database::{ANSWER, in_time};
use crate::event::RecordedEvent;
use crate::log::{COLUMNS, EventReader};
use crate::personal::Keyring;
use crate::projection::Projection;
use crate::projection::fold::{Culprit, Relevant, decode};

/// The most positions in a page.
pub(super) const LARGEST: i64 = 8192;
/// The most bytes of events in a page. With those read ahead, what is decoded from them and the rows that are folded, the
/// whole stays well below 150 MiB.
const HEAVIEST: usize = 8 << 20;
/// Pages that are read while another is folded.
const AHEAD: usize = 2;

/// The events of a run of positions, decoded.
pub(super) struct Page<P: Projection> {
    /// The last position that the page accounts for.
    pub(super) to: i64,
    /// The event there. It was looked up before the page was read: were that of another history, it would not fit the log any more.
    pub(super) event_id: Option<Uuid>,
    /// How many events were read for it.
    pub(super) count: usize,
    /// The last of each tenant's events, in its own log.
    pub(super) reached: Vec<(String, i64)>,
    pub(super) relevant: Vec<Relevant<P>>,
    /// What could not be decoded, the first of each tenant.
    pub(super) culprits: BTreeMap<Arc<str>, Culprit>,
}

/// Where pages come from.
pub(super) struct Source<P: Projection> {
    pub(super) projection: Arc<P>,
    pub(super) log: PgPool,
    pub(super) skips: Arc<BTreeSet<i64>>,
    /// Opens personal data.
    pub(super) keyring: Option<Keyring>,
}

impl<P: Projection> Clone for Source<P> {
    fn clone(&self) -> Self {
        Self {
            projection: Arc::clone(&self.projection),
            log: self.log.clone(),
            skips: Arc::clone(&self.skips),
            keyring: self.keyring.clone(),
        }
    }
}

impl<P: Projection> Source<P> {
    /// What the projection follows of the positions after `after` up to `to`, or up to where the page is full.
    pub(super) async fn read(&self, after: i64, to: i64) -> Result<Page<P>, RebuildError> {
        let sql = format!(
            "select {COLUMNS} from log.events where position > $1 and position <= $2 and aggregate_type = any ($3) order by position"
        );
        let end = event_at(&self.log, to).await?;
        let query = sqlx::query(&sql).bind(after).bind(to).bind(P::FOLLOWS);
        let (events, is_full) = collect(&mut query.fetch(&self.log), usize::MAX).await?;
        let (to, end) = place(events.last().filter(|_| is_full)).unwrap_or((to, end));
        let reached = self.reached(after, to).await?;
        self.decode(events, (to, end), reached).await
    }

    /// The last of each tenant's events after one position and up to another, in its own log.
    pub(super) async fn reached(&self, after: i64, to: i64) -> sqlx::Result<Vec<(String, i64)>> {
        let reached = sqlx::query_as(
            "select tenant_id, max(tenant_position) from log.events where position > $1 and position <= $2 group by tenant_id",
        );
        reached.bind(after).bind(to).fetch_all(&self.log).await
    }

    /// One tenant's events after its own position `after`, but none after position `to`.
    pub(super) async fn read_tenant(&self, tenant: &str, after: i64, to: i64) -> Result<Page<P>, RebuildError> {
        let sql = format!(
            "select {COLUMNS} from log.events where tenant_id = $1 and tenant_position > $2 and position <= $3 order by tenant_position limit $4"
        );
        let end = event_at(&self.log, to).await?;
        let query = sqlx::query(&sql).bind(tenant).bind(after).bind(to).bind(LARGEST);
        let (events, is_full) = collect(&mut query.fetch(&self.log), usize::MAX).await?;
        let is_last = !is_full && events.len() < LARGEST as usize;
        let place = place(events.last().filter(|_| !is_last)).unwrap_or((to, end));
        let reached = events.last().map(|event| (tenant.to_owned(), event.tenant_position));
        self.decode(events, place, reached.into_iter().collect()).await
    }

    async fn decode(
        &self,
        mut events: Vec<Arc<RecordedEvent>>,
        (to, event_id): (i64, Option<Uuid>),
        reached: Vec<(String, i64)>,
    ) -> Result<Page<P>, RebuildError> {
        self.open(&mut events).await?;
        let (projection, skips) = (Arc::clone(&self.projection), Arc::clone(&self.skips));
        let decoding = tokio::task::spawn_blocking(move || {
            let (relevant, culprits) = decode(&*projection, &events, &skips);
            Page { to, event_id, count: events.len(), reached, relevant, culprits }
        });
        Ok(decoding.await?)
    }

    /// Opens the personal data of events that are followed, as the live projection does.
    pub(super) async fn open(&self, events: &mut [Arc<RecordedEvent>]) -> Result<(), RebuildError> {
        let Some(keyring) = &self.keyring else { return Ok(()) };
        events.iter().for_each(|event| keyring.take(event));
        let followed = events.iter_mut().filter(|event| P::FOLLOWS.contains(&&*event.aggregate_type)).collect();
        Ok(keyring.open_shared(followed).await?)
    }
}

/// The event that the log has at a position.
pub(super) async fn event_at(log: &PgPool, position: i64) -> sqlx::Result<Option<Uuid>> {
    let asked = sqlx::query_scalar("select event_id from log.events where position = $1").bind(position);
    in_time(ANSWER, asked.fetch_optional(log)).await
}

fn place(event: Option<&Arc<RecordedEvent>>) -> Option<(i64, Option<Uuid>)> {
    event.map(|event| (event.position, Some(event.event_id)))
}

/// The next events of a query, at most so many, until they weigh enough; and whether that ended it.
pub(super) async fn collect(
    rows: &mut (impl futures::Stream<Item = sqlx::Result<PgRow>> + Unpin),
    most: usize,
) -> sqlx::Result<(Vec<Arc<RecordedEvent>>, bool)> {
    let (mut page, mut weight, mut reader) = (Vec::new(), 0, EventReader::default());
    while page.len() < most
        && let Some(row) = rows.try_next().await?
    {
        let event = reader.read(&row)?;
        weight += event.weight();
        page.push(Arc::new(event));
        if weight >= HEAVIEST {
            return Ok((page, true));
        }
    }
    Ok((page, false))
}

/// The pages of all tenants in order.
pub(super) struct Ahead<P: Projection> {
    source: Source<P>,
    /// The last position that a page was asked for.
    asked: i64,
    size: i64,
    running: VecDeque<Reading<P>>,
}

struct Reading<P: Projection> {
    to: i64,
    page: AbortOnDropHandle<Result<Page<P>, RebuildError>>,
}

impl<P: Projection> Ahead<P> {
    /// Begins after `position`, with pages of at most `size` positions.
    pub(super) fn new(source: Source<P>, position: i64, size: i64) -> Self {
        Self { source, asked: position, size: size.clamp(1, LARGEST), running: VecDeque::new() }
    }

    /// The next page that ends at `target` or before; `None` when there is none.
    pub(super) async fn next(&mut self, target: i64) -> Result<Option<Page<P>>, RebuildError> {
        while self.running.len() <= AHEAD && self.asked < target {
            let to = target.min(self.asked + self.size);
            let reading = self.start(self.asked, to);
            self.running.push_back(reading);
            self.asked = to;
        }
        let Some(reading) = self.running.pop_front() else { return Ok(None) };
        let page = reading.page.await??;
        if page.to < reading.to {
            // It was full before its end: the rest comes before what was read ahead.
            let rest = self.start(page.to, reading.to);
            self.running.push_front(rest);
        }
        Ok(Some(page))
    }

    fn start(&self, after: i64, to: i64) -> Reading<P> {
        let source = self.source.clone();
        let page = AbortOnDropHandle::new(tokio::spawn(async move { source.read(after, to).await }));
        Reading { to, page }
    }
}
