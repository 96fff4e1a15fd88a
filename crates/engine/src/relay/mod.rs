//! The relay: publishes the log to the JetStream stream, each event at the stream sequence that is its position.
//!
//! One process leads by a lease, and the broker refuses a former leader: each publish carries the sequence it builds on.
//! The relay keeps no state. It reads what the stream has, compares that with the log and goes on from there; where
//! the stream is not what the log says, it is made anew.

mod check;
mod publish;
mod stream;

use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use check::{RelayReport, Wrong, check};
pub use stream::{StreamSettings, Unfit, durable_consumers, last_sequence};

use crate::heads::{self, Head, Pages};
use crate::lease::Leases;
use crate::log;
use crate::message::MessageWriter;
use crate::position::PositionCodec;
use crate::signature::Signer;
use crate::trace::{Span, SpanKind, TraceParent};

/// The public stream.
pub const STREAM: &str = "TIDEMARK_EVENTS";
/// What all its subjects begin with.
pub const SUBJECTS: &str = "tidemark.events";
/// The relay's lease.
pub const LEASE: &str = "relay";

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const CONNECTION_POLL: Duration = Duration::from_millis(100);

/// Why a step of the relay failed. The next one begins by looking at the stream.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The log could not be read, or the lease not be written.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The broker is away or refused.
    #[error("the broker failed: {0}")]
    Broker(async_nats::Error),
    /// Somebody else publishes to the stream, or it has changed under us.
    #[error("the stream did not end at {expected}")]
    Refused {
        /// The sequence that the publish was to build on.
        expected: i64,
    },
    /// The broker's `max_payload` is smaller than an event.
    #[error("the event at position {position} is larger than the broker's max_payload")]
    TooLarge {
        /// The event's position.
        position: i64,
    },
}

impl RelayError {
    fn broker(error: impl Into<async_nats::Error>) -> Self {
        Self::Broker(error.into())
    }
}

/// What the relay needs.
#[derive(Debug, Clone)]
pub struct RelaySettings {
    /// Reads the log and writes the lease; one of its connections listens.
    pub pool: PgPool,
    /// The broker.
    pub nats: async_nats::Client,
    /// The stream and its limits.
    pub stream: StreamSettings,
    /// Signs messages.
    pub signer: Signer,
    /// Writes `Tidemark-After`; its epoch is replaced by the log's.
    pub positions: PositionCodec,
    /// Who this is, in the lease.
    pub holder: Uuid,
    /// How long the lease lasts without being renewed.
    pub lease: Duration,
    /// How many publishes may wait for their acknowledgement.
    pub in_flight: usize,
    /// How often an idle relay looks at the stream anew.
    pub inspect_every: Duration,
}

impl RelaySettings {
    /// The usual settings.
    #[must_use]
    pub fn new(
        pool: PgPool,
        nats: async_nats::Client,
        stream: StreamSettings,
        signer: Signer,
        positions: PositionCodec,
    ) -> Self {
        Self {
            pool,
            nats,
            stream,
            signer,
            positions,
            holder: Uuid::now_v7(),
            lease: Duration::from_secs(5),
            in_flight: 512,
            inspect_every: Duration::from_secs(2),
        }
    }
}

/// One relay of one process.
#[derive(Debug)]
pub struct Relay {
    pool: PgPool,
    context: jetstream::Context,
    stream: StreamSettings,
    writer: MessageWriter,
    signer: Signer,
    leases: Leases,
    holder: Uuid,
    lease: Duration,
    in_flight: usize,
    inspect_every: Duration,
    pages: Pages,
    /// When the lease was last renewed; `None` while somebody else leads.
    leads_since: Option<Instant>,
    /// The stream's last sequence, and when it was last compared with the log; `None` when that is to be done.
    tail: Option<Tail>,
    /// The last position known to be in the stream, for the metrics alone.
    published: i64,
}

#[derive(Debug, Clone, Copy)]
struct Tail {
    last: i64,
    inspected: Instant,
}

impl Relay {
    /// A relay that has not looked at anything yet.
    #[must_use]
    pub fn new(settings: RelaySettings) -> Self {
        let writer = MessageWriter::new(settings.stream.subjects.clone(), settings.signer.clone(), settings.positions);
        // Acknowledgements are counted here, so the client need not hold publishes back before that.
        let context = jetstream::context::ContextBuilder::new()
            .timeout(Duration::from_secs(5))
            .max_ack_inflight(settings.in_flight.max(1) * 4)
            .build(settings.nats);
        // What is rare is there from the beginning, or nobody would see its first time as a change.
        metrics::counter!("tidemark_relay_failures_total").increment(0);
        metrics::counter!("tidemark_relay_rebuilds_total").increment(0);
        metrics::gauge!("tidemark_relay_leader").set(0.0);
        Self {
            leases: Leases::new(settings.pool.clone(), "log"),
            pool: settings.pool,
            context,
            stream: settings.stream,
            writer,
            signer: settings.signer,
            holder: settings.holder,
            lease: settings.lease,
            in_flight: settings.in_flight.max(1),
            inspect_every: settings.inspect_every,
            pages: Pages::new(),
            leads_since: None,
            tail: None,
            published: 0,
        }
    }

    /// Whether this relay led at its last step.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.leads_since.is_some()
    }

    /// Publishes what the log has and the stream has not, and returns how many events that were. Nothing is published
    /// while somebody else leads.
    ///
    /// # Errors
    /// When database or broker is away, or somebody else has published. The next step looks at the stream first.
    pub async fn step(&mut self) -> Result<usize, RelayError> {
        let stepped = self.try_step().await;
        if stepped.is_err() {
            self.tail = None;
        }
        stepped
    }

    /// Takes the lead from whoever has it and makes the stream anew, empty, though it may be what the log says: for an operator.
    /// The steps that follow publish into it whatever is young enough. A former leader that still publishes can only add the
    /// very events that come next. Returns the sequence that the first publish builds on.
    ///
    /// # Errors
    /// When database or broker is away, or somebody else has made the stream anew meanwhile.
    pub async fn rebuild(&mut self) -> Result<i64, RelayError> {
        self.tail = None;
        let seized = Instant::now();
        self.leases.seize(LEASE, self.holder, self.lease).await?;
        self.leads_since = Some(seized);
        self.writer = self.writer.in_epoch(log::epoch(&self.pool).await?);
        let present = stream::find(&self.context, &self.stream.name).await?;
        let made = present.map(|stream| stream::made(stream.cached_info()));
        let last = stream::rebuild(&self.context, &self.pool, &self.stream, made).await?;
        metrics::counter!("tidemark_relay_rebuilds_total").increment(1);
        self.published = last;
        self.tail = Some(Tail { last, inspected: Instant::now() });
        Ok(last)
    }

    /// Gives the lease up, so that another relay need not wait for it to run out.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn release(&mut self) -> Result<(), RelayError> {
        self.leads_since = None;
        self.tail = None;
        self.leases.release(LEASE, self.holder).await?;
        metrics::gauge!("tidemark_relay_leader").set(0.0);
        Ok(())
    }

    /// Steps until `shutdown`, woken by the log, and waits for whatever is away. Gives the lease up at the end.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let (known, mut heads) = watch::channel(Head::UNKNOWN);
        let pool = self.pool.clone();
        // A step may be dropped anywhere: what it has published stays, and whoever comes next looks at the stream.
        tokio::select! {
            () = shutdown.cancelled() => {}
            never = heads::follow(&pool, Duration::from_secs(1), &known) => match never {},
            () = self.run_steps(&mut heads) => {}
        }
        match tokio::time::timeout(Duration::from_secs(2), self.release()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the relay's lease could not be released; it runs out by itself"),
            Err(_elapsed) => tracing::warn!("the relay's lease could not be released in time; it runs out by itself"),
        }
    }

    async fn run_steps(&mut self, heads: &mut watch::Receiver<Head>) {
        let mut pause = FIRST_PAUSE;
        let idle = self.inspect_every.min(self.lease / 3).min(Duration::from_secs(1));
        loop {
            // Without the broker the lease is not renewed: another worker may have it.
            while self.context.client().connection_state() != State::Connected {
                self.leads_since = None;
                self.tail = None;
                metrics::gauge!("tidemark_relay_leader").set(0.0);
                if self.published > 0 {
                    self.show_lag(heads.borrow().position);
                }
                pause = FIRST_PAUSE;
                tokio::time::sleep(CONNECTION_POLL).await;
            }
            let head = heads.borrow_and_update().position;
            match self.step().await {
                Ok(published) => {
                    pause = FIRST_PAUSE;
                    if published == 0 || self.tail.is_some_and(|tail| tail.last >= head) {
                        // Woken by an append, else in time to renew the lease and look at the stream.
                        let _woken = tokio::time::timeout(idle, heads.changed()).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the relay failed; trying again");
                    metrics::counter!("tidemark_relay_failures_total").increment(1);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn try_step(&mut self) -> Result<usize, RelayError> {
        if !self.lead().await? {
            return Ok(0);
        }
        let mut published = 0;
        let Some(mut last) = self.find_tail().await? else { return Ok(0) };
        self.published = last;
        let mut page = self.pages.read(&self.pool, last).await?;
        while !page.is_empty() {
            // The next page is read while this one is on its way, if there was more.
            let end = last + page.len() as i64;
            let traces = page.iter().filter_map(TraceParent::of_event);
            let mut span = Span::of_many(traces, SpanKind::Producer, "publish", "");
            span.count("tidemark.events", page.len());
            let is_last = self.pages.is_last();
            let publishing = publish::publish(&self.context, &self.writer, &page, last, self.in_flight);
            let (sent, next) = tokio::join!(
                async {
                    let sent = publishing.await;
                    if sent.is_err() {
                        span.fail("not published");
                    }
                    drop(span);
                    sent
                },
                async { if is_last { Ok(Vec::new()) } else { self.pages.read(&self.pool, end).await } }
            );
            sent?;
            metrics::counter!("tidemark_relay_published_total").increment(page.len() as u64);
            published += page.len();
            last = end;
            self.published = last;
            if let Some(tail) = &mut self.tail {
                tail.last = last;
            }
            page = next?;
            if !self.lead().await? {
                break;
            }
        }
        if published > 0 {
            self.show_lag(last);
        }
        Ok(published)
    }

    fn show_lag(&self, head: i64) {
        metrics::gauge!("tidemark_relay_position").set(self.published as f64);
        metrics::gauge!("tidemark_relay_lag").set((head - self.published).max(0) as f64);
    }

    /// Renews or takes the lease once a third of it has gone.
    async fn lead(&mut self) -> Result<bool, RelayError> {
        if self.leads_since.is_some_and(|since| since.elapsed() < self.lease / 3) {
            return Ok(true);
        }
        self.renew().await
    }

    /// Renews or takes the lease now.
    async fn renew(&mut self) -> Result<bool, RelayError> {
        let asked = Instant::now();
        let led = self.is_leader();
        self.leads_since = None;
        let fence = self.leases.acquire(LEASE, self.holder, self.lease).await?;
        self.leads_since = fence.map(|_| asked);
        if led != self.is_leader() {
            tracing::info!(leads = self.is_leader(), "the relay's lease changes");
            self.tail = None;
        }
        metrics::gauge!("tidemark_relay_leader").set(f64::from(u8::from(self.is_leader())));
        if !self.is_leader() {
            // Whoever leads tells how far it is.
            self.published = 0;
            metrics::gauge!("tidemark_relay_lag").set(0.0);
        }
        Ok(self.is_leader())
    }

    /// The stream's last sequence, after the stream was compared with the log, or made anew; `None` when somebody else
    /// leads by now.
    async fn find_tail(&mut self) -> Result<Option<i64>, RelayError> {
        if let Some(tail) = self.tail.filter(|tail| tail.inspected.elapsed() < self.inspect_every) {
            return Ok(Some(tail.last));
        }
        let inspected = Instant::now();
        let epoch = log::epoch(&self.pool).await?;
        if epoch != self.writer.epoch() {
            self.writer = self.writer.in_epoch(epoch);
        }
        // A publish that was refused may have had others behind it that were taken, on top of what was not ours; and nobody knows
        // what happened to those of a former leader.
        let closely = if self.tail.is_some() { 1 } else { self.in_flight + 1 };
        let inspected_stream =
            stream::inspect(&self.context, &self.pool, &self.stream, &self.signer, epoch, closely).await?;
        let last = match inspected_stream {
            Ok(last) => last,
            Err((unfit, stream)) => {
                // The broker fences publishes, but not this: a former leader that was paused must not delete what its
                // successor has made.
                if !self.renew().await? {
                    return Ok(None);
                }
                tracing::warn!(%unfit, stream = self.stream.name, "the stream is not what the log says; making it anew");
                metrics::counter!("tidemark_relay_rebuilds_total").increment(1);
                stream::rebuild(&self.context, &self.pool, &self.stream, stream).await?
            }
        };
        self.published = last;
        self.show_lag(log::head(&self.pool).await?);
        self.tail = Some(Tail { last, inspected });
        Ok(Some(last))
    }
}
