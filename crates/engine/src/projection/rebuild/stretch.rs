//! Folds a long stretch of the log stream by stream: a row is read and written once, however often its stream has changed it there.
//!
//! It is for projections whose rows are of one stream each ([`Projection::BY_STREAM`]): for them only the order within streams
//! matters, and the log's server can sort more events than fit in memory. All of a stretch is one transaction. Where an
//! event cannot be taken in, nothing of the stretch is, and pages go through it, which find out what that event is and go on.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection, Postgres, Transaction};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::RebuildError;
use super::pages::{Source, collect, event_at};
use super::take::{Shadow, Stopped};
use crate::database::{WORK, in_time};
use crate::event::RecordedEvent;
use crate::log::COLUMNS;
use crate::projection::Projection;
use crate::projection::apply::write_over;
use crate::projection::failure::is_deterministic;
use crate::projection::fold::{Relevant, decode, touched};

/// The most positions in a stretch. One that is lost with its process has taken seconds, and the row of the run is held for
/// no longer; and sorting it takes the log's server no more than some hundred megabytes on its disk.
pub(super) const LONGEST: i64 = 1 << 18;
/// Events that are folded at once, at most.
const CHUNK: usize = 4096;
/// Chunks that are decoded while another is folded.
const AHEAD: usize = 1;

/// How long the log's server may take for the next chunk, the first one sorted. The row of the run is held meanwhile.
const PATIENCE: Duration = Duration::from_secs(300);
/// For the connection that reads: it sorts, and says nothing to those who would call it idle or slow.
const SORTING: &str =
    "set work_mem = '64MB'; set statement_timeout = 0; set plan_cache_mode = force_custom_plan; set jit = off";

/// A stretch under way. Dropping it leaves nothing of it.
pub(super) struct Stretch<P: Projection> {
    shadow: Shadow<P>,
    stopped: Stopped,
    transaction: Transaction<'static, Postgres>,
    chunks: mpsc::Receiver<Decoding<P>>,
    reading: AbortOnDropHandle<Result<(), RebuildError>>,
    to: i64,
    /// How many events were folded so far.
    pub(super) folded: usize,
}

/// What a step of a stretch has come to.
pub(super) enum Stretched<P: Projection> {
    /// It goes on.
    On(Stretch<P>),
    /// It is taken in, up to this position.
    Taken(i64),
    /// Something up to this position cannot be taken in, and nothing was.
    Refused(i64),
}

/// Some events of a stretch, decoded.
struct Chunk<P: Projection> {
    count: usize,
    relevant: Vec<Relevant<P>>,
    /// Tenants with events that could not be decoded.
    refused: Vec<Arc<str>>,
}

type Decoding<P> = AbortOnDropHandle<Chunk<P>>;

impl<P: Projection> Stretch<P> {
    /// Begins the stretch between two positions. To be run in a task that nobody drops.
    pub(super) async fn begin(
        shadow: Shadow<P>,
        source: Source<P>,
        (from, to): (i64, i64),
        stopped: Stopped,
    ) -> Result<Self, RebuildError> {
        let end = event_at(&source.log, to).await?;
        let mut transaction = shadow.begin().await?;
        // Before anything is read: whoever deletes a tenant waits for this, or has done it.
        shadow.claim.go(&mut transaction, from, (to, end), 0).await?;
        let (sender, chunks) = mpsc::channel(AHEAD);
        // Given up, it is closed with what it is asked for: one of a pool would first read that to its end.
        let log = in_time(WORK, PgConnection::connect_with(&source.log.connect_options())).await?;
        let reading = AbortOnDropHandle::new(tokio::spawn(read(log, source.clone(), (from, to), sender)));
        let reached = in_time(WORK, source.reached(from, to)).await?;
        shadow.note_progress(&mut transaction, &reached).await?;
        Ok(Self { shadow, stopped, transaction, chunks, reading, to, folded: 0 })
    }

    /// Folds a chunk, or ends the stretch behind the last. To be run in a task that nobody drops.
    pub(super) async fn step(mut self) -> Result<Stretched<P>, RebuildError> {
        let next = in_time(PATIENCE, async { Ok::<_, sqlx::Error>(self.chunks.recv().await) }).await?;
        let Some(decoding) = next else {
            // Of what could not be read to its end nothing may stay.
            match self.reading.await? {
                // There is no room to sort it: pages need none.
                Err(RebuildError::Database(error)) if is_for_want_of_room(&error) => {
                    tracing::warn!(projection = P::NAME, %error, "the log is read page by page");
                    self.transaction.rollback().await?;
                    return Ok(Stretched::Refused(self.to));
                }
                read => read?,
            }
            // History may have been cut since it was begun.
            self.shadow.claim.go(&mut self.transaction, self.to, (self.to, None), self.folded).await?;
            self.transaction.commit().await?;
            return Ok(Stretched::Taken(self.to));
        };
        let chunk = decoding.await?;
        let is_refused = match self.take(&chunk).await {
            Ok(is_taken) => !is_taken,
            Err(error) if is_deterministic(&error) => true,
            Err(error) => return Err(error.into()),
        };
        if is_refused {
            self.transaction.rollback().await?;
            return Ok(Stretched::Refused(self.to));
        }
        self.folded += chunk.count;
        Ok(Stretched::On(self))
    }

    /// Writes what a chunk comes to; false where something in it cannot be taken in.
    async fn take(&mut self, chunk: &Chunk<P>) -> sqlx::Result<bool> {
        let goes_on = |tenant: &Arc<str>| !self.stopped.contains_key(tenant);
        if chunk.refused.iter().any(goes_on) {
            return Ok(false);
        }
        let relevant: Vec<_> = chunk.relevant.iter().filter(|one| goes_on(&one.event.tenant_id)).collect();
        if relevant.is_empty() {
            return Ok(true);
        }
        let shadow = &self.shadow;
        let connection: &mut PgConnection = &mut self.transaction;
        let known = touched(&of_known_streams(&relevant));
        let present =
            if known.is_empty() { Default::default() } else { shadow.projection.load(connection, &known).await? };
        let found = write_over(&*shadow.projection, connection, shadow.claim.rows, present, &relevant).await?;
        Ok(found.is_empty())
    }
}

/// Those events of the chunk whose stream it does not begin. Of the others nothing can be in the tables.
fn of_known_streams<'r, P: Projection>(relevant: &[&'r Relevant<P>]) -> Vec<&'r Relevant<P>> {
    let streams = relevant.chunk_by(|one, next| one.event.is_of_stream(&next.event));
    streams.filter(|stream| stream[0].event.sequence > 1).flatten().copied().collect()
}

/// Whether the server lacks disk or memory, or may use no more (class 53 of its codes).
fn is_for_want_of_room(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("53"))
}

/// Reads the stretch in the order of its streams and has it decoded, chunk by chunk, as far ahead as they are taken.
///
/// What is sorted is rows of the log without the larger ones of their bodies, which lie beside them: two kilobytes a row at most.
async fn read<P: Projection>(
    mut log: PgConnection,
    source: Source<P>,
    (from, to): (i64, i64),
    chunks: mpsc::Sender<Decoding<P>>,
) -> Result<(), RebuildError> {
    in_time(WORK, log.execute(SORTING)).await?;
    // By what differs most: nearly every comparison ends there.
    let sql = format!(
        "select {COLUMNS} from log.events where position > $1 and position <= $2 and aggregate_type = any ($3) \
         order by aggregate_id, aggregate_type, sequence"
    );
    let query = sqlx::query(&sql).bind(from).bind(to).bind(P::FOLLOWS);
    let mut rows = query.fetch(&mut log);
    loop {
        let (mut chunk, _) = collect(&mut rows, CHUNK).await?;
        if chunk.is_empty() {
            return Ok(());
        }
        source.open(&mut chunk).await?;
        let source = source.clone();
        let decoding = tokio::task::spawn_blocking(move || decode_chunk(&source, &chunk));
        if chunks.send(AbortOnDropHandle::new(decoding)).await.is_err() {
            // Nobody wants it any more.
            return Ok(());
        }
    }
}

fn decode_chunk<P: Projection>(source: &Source<P>, events: &[Arc<RecordedEvent>]) -> Chunk<P> {
    let (relevant, culprits) = decode(&*source.projection, events, &source.skips);
    Chunk { count: events.len(), relevant, refused: culprits.into_keys().collect() }
}
