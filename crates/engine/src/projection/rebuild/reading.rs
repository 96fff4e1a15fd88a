//! Reads a stretch of the log stream by stream: the log's server sorts it, on connections of its own, while the stretch before it is folded.

use std::collections::HashMap;
use std::iter;
use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::RebuildError;
use super::pages::{Source, collect, event_at};
use super::take::Stopped;
use crate::database::{WORK, in_time};
use crate::event::RecordedEvent;
use crate::log::COLUMNS;
use crate::projection::fold::{Fold, Relevant, decode};
use crate::projection::{Change, Projection};

/// Events that are folded at once, at most.
const CHUNK: usize = 4096;
/// Chunks that are decoded while another is folded.
const AHEAD: usize = 1;

/// For the connections that read: they sort, and say nothing to those who would call them idle or slow. Several processes at
/// one sort would copy each row once more.
const SORTING: &str = "set work_mem = '64MB'; set max_parallel_workers_per_gather = 0; set statement_timeout = 0; \
     set plan_cache_mode = force_custom_plan; set jit = off";
/// What brings the events of a stream together, and the streams of a tenant. A number is compared much faster than names that begin
/// alike. Streams that have it in common come mixed, and are written more than once.
const TOGETHER: &str = "(hashtext(tenant_id)::bigint << 32) | (hashtext(aggregate_id)::bigint & 4294967295)";

/// A stretch of the log that is sorted on connections of its own. Dropping it ends that.
pub(super) struct Reading<P: Projection> {
    pub(super) from: i64,
    pub(super) to: i64,
    /// The event at its end. It was looked up before anything was read: were that of another history, it would not fit the log any more.
    pub(super) end: Option<Uuid>,
    /// Lets it go on behind the first row.
    wanted: Option<oneshot::Sender<Stopped>>,
    chunks: mpsc::Receiver<Decoding<P>>,
    task: AbortOnDropHandle<Result<(), RebuildError>>,
}

/// Some events of a stretch: those of whole streams, or a part of a long one.
pub(super) struct Chunk<P: Projection> {
    pub(super) count: usize,
    /// Whether something in it cannot be taken in, of a tenant that the shadow has not stopped for.
    pub(super) is_refused: bool,
    /// The rows of streams that begin in it. Of those there can be none in the tables.
    pub(super) new: Vec<Change<P::Key, P::Row>>,
    /// The events of the others.
    pub(super) known: Vec<Relevant<P>>,
}

type Decoding<P> = AbortOnDropHandle<Chunk<P>>;

impl<P: Projection> Reading<P> {
    /// Has the stretch between two positions sorted. Until it may [go on](Self::go_on), no more than its first row is read.
    pub(super) async fn begin(source: Source<P>, (from, to): (i64, i64)) -> Result<Self, RebuildError> {
        let end = event_at(&source.log, to).await?;
        // Given up, they are closed with what they are asked for: one of a pool would first read that to its end.
        let options = source.log.connect_options();
        let connect = || in_time(WORK, PgConnection::connect_with(&options));
        let logs = [connect().await?, connect().await?];
        let (wanted, is_wanted) = oneshot::channel();
        let (sender, chunks) = mpsc::channel(AHEAD);
        let task = AbortOnDropHandle::new(tokio::spawn(read(logs, source, (from, to), is_wanted, sender)));
        Ok(Self { from, to, end, wanted: Some(wanted), chunks, task })
    }

    /// Its turn has come. What is of tenants that the shadow has stopped for is left out.
    pub(super) fn go_on(&mut self, stopped: Stopped) {
        if let Some(wanted) = self.wanted.take() {
            // Of a task that has ended, the end says why.
            let _has_ended = wanted.send(stopped);
        }
    }

    /// The next chunk; `None` when there are no more, for the reason that [the end](Self::end) gives.
    pub(super) async fn next(&mut self) -> Result<Option<Chunk<P>>, RebuildError> {
        match self.chunks.recv().await {
            Some(decoding) => Ok(Some(decoding.await?)),
            None => Ok(None),
        }
    }

    /// Whether it was read to its end.
    pub(super) async fn end(self) -> Result<(), RebuildError> {
        self.task.await?
    }
}

/// Has the stretch sorted, in two halves at once, and folded, when it is wanted, chunk by chunk, as far ahead as they are taken.
///
/// What is sorted is rows of the log without the larger ones of their bodies, which lie beside them: two kilobytes a row at most.
async fn read<P: Projection>(
    mut logs: [PgConnection; 2],
    source: Source<P>,
    (from, to): (i64, i64),
    is_wanted: oneshot::Receiver<Stopped>,
    chunks: mpsc::Sender<Decoding<P>>,
) -> Result<(), RebuildError> {
    for log in &mut logs {
        in_time(WORK, log.execute(SORTING)).await?;
    }
    let sql = format!(
        "select {COLUMNS} from log.events where position > $1 and position <= $2 and aggregate_type = any ($3) \
         and hashtext(aggregate_id) & 1 = $4 order by {TOGETHER}, sequence"
    );
    let half = |half: i32| sqlx::query(&sql).bind(from).bind(to).bind(P::FOLLOWS).bind(half);
    let [one, other] = &mut logs;
    let mut one = pin!(half(0).fetch(one).peekable());
    let mut other = pin!(half(1).fetch(other).peekable());
    // They are sorted when their first rows come.
    tokio::join!(one.as_mut().peek(), other.as_mut().peek());
    let mut rows = one.chain(other);
    let Ok(stopped) = is_wanted.await else { return Ok(()) };
    let stopped = Arc::new(stopped);
    let mut begun = Vec::new();
    loop {
        let (more, _) = collect(&mut rows, CHUNK).await?;
        let is_last = more.is_empty();
        let mut chunk = begun;
        chunk.extend(more);
        begun = if is_last { Vec::new() } else { last_stream(&mut chunk) };
        if chunk.is_empty() {
            return Ok(());
        }
        source.open(&mut chunk).await?;
        let (source, stopped) = (source.clone(), Arc::clone(&stopped));
        let decoding = tokio::task::spawn_blocking(move || fold(&source, &chunk, &stopped));
        if chunks.send(AbortOnDropHandle::new(decoding)).await.is_err() {
            // Nobody wants it any more.
            return Ok(());
        }
    }
}

/// Takes the last stream away, which may go on in the next chunk, so that it is written once. One that fills a chunk is not waited for.
fn last_stream(chunk: &mut Vec<Arc<RecordedEvent>>) -> Vec<Arc<RecordedEvent>> {
    let Some(last) = chunk.last() else { return Vec::new() };
    let before = chunk.iter().rposition(|event| !event.is_of_stream(last));
    before.map_or_else(Vec::new, |before| chunk.split_off(before + 1))
}

/// Decodes a chunk, and folds of it what can be without the tables.
fn fold<P: Projection>(source: &Source<P>, events: &[Arc<RecordedEvent>], stopped: &Stopped) -> Chunk<P> {
    let goes_on = |tenant: &Arc<str>| !stopped.contains_key(tenant);
    let (mut relevant, culprits) = decode(&*source.projection, events, &source.skips);
    relevant.retain(|one| goes_on(&one.event.tenant_id));
    let (mut new, mut known) = (Vec::new(), Vec::new());
    let mut relevant = relevant.into_iter().peekable();
    while let Some(first) = relevant.next() {
        let stream = if first.event.sequence > 1 { &mut known } else { &mut new };
        let event = Arc::clone(&first.event);
        stream.push(first);
        stream.extend(iter::from_fn(|| relevant.next_if(|next| next.event.is_of_stream(&event))));
    }
    let mut folding = Fold::new(&*source.projection, HashMap::new());
    let found = folding.take_all(&new.iter().collect::<Vec<_>>());
    let is_refused = culprits.keys().any(goes_on) || !found.is_empty();
    Chunk { count: events.len(), is_refused, new: folding.changes(), known }
}
