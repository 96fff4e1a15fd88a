//! The worker of one projection: holds its lease, follows the feed, takes in batch after batch.

mod stalled;
mod step;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
pub use step::{Step, StepError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::apply::{Applied, AtUnknown, Batch, apply};
use super::checkpoints::Checkpoints;
use super::forget::{Forgetting, Search};
use super::lease::Lease;
use super::statistics::Growth;
use super::{Projection, skip, stall};
use crate::database::{ANSWER, WORK, in_time, overdue, suspect};
use crate::event::RecordedEvent;
use crate::feed::{Feed, Listener};
use crate::personal::{ERASES, Keyring};
use crate::trace::{Span, SpanKind, TraceParent};

/// The most events in a batch: beyond it a larger one is hardly cheaper.
const MOST_EVENTS: usize = 1000;
/// The most bytes in a batch, so that memory stays bounded whatever an event weighs.
const MOST_BYTES: usize = 8 << 20;
/// How often the stalls are asked whether an operator wants another try, and a standby whether the lease is free.
const POLL: Duration = Duration::from_secs(1);
/// How long a worker that has met an unknown event stays away from the lease: every standby asks for it meanwhile.
const HANDOVER: Duration = Duration::from_secs(3);
/// How seldom a lease is handed over: where no newer worker stands by, each time holds everything up.
const BETWEEN_HANDOVERS: Duration = Duration::from_secs(60);

/// The worker of projection `P` in this process. It is one of many that stand by for each other.
pub struct Runner<P: Projection> {
    projection: Arc<P>,
    read: PgPool,
    log: PgPool,
    feed: Feed,
    checkpoints: Checkpoints,
    keyring: Option<Keyring>,
    holder: Uuid,
    time_to_live: Duration,
    patience: Duration,
    leading: Option<Leading<P>>,
    handed_over: Option<Instant>,
}

/// What came of a batch.
enum Took {
    /// It was taken in, and the projection has stopped for these tenants.
    All(BTreeSet<Arc<str>>),
    /// Nothing was, and why.
    Nothing(Step),
}

/// What the holder of the lease knows. Nobody else writes, so it stays true until the database says otherwise.
struct Leading<P: Projection> {
    lease: Lease,
    epoch: i32,
    position: i64,
    listener: Listener,
    waiting: VecDeque<Arc<RecordedEvent>>,
    /// The tenants that the projection has stopped for.
    stalled: BTreeSet<Arc<str>>,
    /// Those of them that are being tried again.
    retrying: BTreeSet<Arc<str>>,
    /// Where behind the stalls it was not looked yet for what erases somebody.
    searches: Vec<Search>,
    /// What erases somebody behind a stall, who may still be shown.
    erasing: VecDeque<Arc<RecordedEvent>>,
    forgetting: Option<Forgetting<P>>,
    /// The events that an operator has let pass, as far as the worker was told.
    skips: Arc<BTreeSet<i64>>,
    asked_for_retries: Instant,
    replay_is_next: bool,
    growth: Growth,
}

impl<P: Projection> Runner<P> {
    /// A worker that writes through `read`, follows `feed`, and reads stalled tenants' events from `log`.
    #[must_use]
    pub fn new(projection: P, read: PgPool, log: PgPool, feed: Feed) -> Self {
        Self {
            projection: Arc::new(projection),
            checkpoints: Checkpoints::start(read.clone()),
            read,
            log,
            feed,
            keyring: None,
            holder: Uuid::new_v4(),
            time_to_live: Duration::from_secs(5),
            patience: POLL,
            leading: None,
            handed_over: None,
        }
    }

    /// Opens the personal data of events before they are folded. Without it a projection stops where there is some.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// Moves its checkpoint together with the other projections of the process.
    #[must_use]
    pub fn with_checkpoints(mut self, checkpoints: Checkpoints) -> Self {
        self.checkpoints = checkpoints;
        self
    }

    /// How long a lease lasts that is not kept; another worker takes over after it.
    #[must_use]
    pub fn with_lease(mut self, time_to_live: Duration) -> Self {
        self.time_to_live = time_to_live;
        self
    }

    /// How long a step waits for an event before it is [`Step::Idle`].
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Works until `shutdown`, then gives the lease back. Whatever fails is tried again for ever.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut failures = 0;
        let mut was_superseded = false;
        while !shutdown.is_cancelled() {
            let step = self.step_until(&shutdown).await;
            let is_superseded = matches!(step, Ok(Step::Superseded));
            let is_again = std::mem::replace(&mut was_superseded, is_superseded);
            let pause = match step {
                // Most often by a swap, which wants no lease for itself: then everybody would wait for nobody.
                Ok(Step::Superseded) if !is_again => continue,
                Ok(Step::Standby | Step::Superseded) => jittered(POLL),
                Ok(Step::HandedOver) => HANDOVER,
                Ok(_) => {
                    failures = 0;
                    continue;
                }
                Err(error) => {
                    failures += 1;
                    let pause = backoff(failures);
                    tracing::warn!(projection = P::NAME, %error, failures, "projection step failed; trying again");
                    pause
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Err(error) = self.release().await {
            tracing::debug!(projection = P::NAME, %error, "the lease was not given back; it runs out by itself");
        }
    }

    /// Does one thing: takes the lease, or a batch, or a page of a stalled tenant.
    ///
    /// # Errors
    /// When it could not be done now; the next step starts from what the database says.
    pub async fn step(&mut self) -> Result<Step, StepError> {
        self.step_until(&CancellationToken::new()).await
    }

    /// Gives the lease back, so that another worker need not wait for its end.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn release(&mut self) -> sqlx::Result<()> {
        match self.leading.take() {
            Some(leading) => in_time(ANSWER, leading.lease.release(&self.read)).await,
            None => Ok(()),
        }
    }

    async fn step_until(&mut self, shutdown: &CancellationToken) -> Result<Step, StepError> {
        let Some(leading) = self.leading.take() else {
            self.leading = in_time(ANSWER, self.lead()).await?;
            let Some(leading) = &self.leading else {
                Self::measure_standby();
                return Ok(Step::Standby);
            };
            self.measure(leading);
            return Ok(Step::Leading);
        };
        // After a failure the state is not put back: the next step reads it anew, under a new fence.
        let lease = leading.lease;
        let (step, leading) = self.advance(leading, shutdown).await?;
        self.leading = leading;
        if step == Step::HandedOver {
            Self::measure_standby();
            // Only where it was free, somebody newer could take it.
            in_time(ANSWER, lease.release(&self.read)).await?;
            self.handed_over = Some(Instant::now());
        }
        Ok(step)
    }

    async fn lead(&mut self) -> Result<Option<Leading<P>>, StepError> {
        let Some(lease) = Lease::take(&self.read, P::NAME, self.holder, self.time_to_live).await? else {
            return Ok(None);
        };
        let (position, epoch) = match self.ensure_foldable().await {
            Ok(place) => place,
            Err(error) => {
                lease.release(&self.read).await?;
                return Err(error);
            }
        };
        let mut stalled: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut searches = Vec::new();
        for stall in stall::stalls(&self.read, Some(P::NAME)).await? {
            let tenant: Arc<str> = Arc::from(stall.tenant_id);
            // The last holder may not have forgotten them all, and tables that were swapped in have forgotten nobody.
            searches.push(Search::begin(Arc::clone(&tenant), stall.tenant_position));
            stalled.insert(tenant);
        }
        // The last holder may have been of an older version and not have known what this one does.
        let retrying = stalled.clone();
        let skips = Arc::new(skip::positions(&self.read, P::NAME, P::VERSION).await?);
        let listener = self.feed.listen(position);
        tracing::info!(projection = P::NAME, position, fence = lease.fence, "folding");
        Ok(Some(Leading {
            lease,
            epoch,
            position,
            listener,
            waiting: VecDeque::new(),
            stalled,
            retrying,
            searches,
            erasing: VecDeque::new(),
            forgetting: None,
            skips,
            asked_for_retries: Instant::now(),
            replay_is_next: true,
            growth: Growth::new(),
        }))
    }

    /// The checkpoint and the present epoch, if this code may go on from there.
    async fn ensure_foldable(&self) -> Result<(i64, i32), StepError> {
        let checkpoint: Option<(i32, i64, i32, Option<Uuid>)> =
            sqlx::query_as("select version, position, epoch, event_id from read.checkpoints where projection = $1")
                .bind(P::NAME)
                .fetch_optional(&self.read)
                .await?;
        let (installed, position, epoch, event_id) = checkpoint.ok_or(StepError::NotInstalled(P::NAME))?;
        if installed != P::VERSION {
            return Err(StepError::OtherVersion { projection: P::NAME, installed, code: P::VERSION });
        }
        // The log is asked later than the checkpoint, so that it can only look longer than it was.
        let (present, cut, head, in_log): (i32, Option<i64>, i64, Option<Uuid>) = sqlx::query_as(
            "select max(epoch), min(from_position) filter (where epoch > $1), \
                    coalesce((select max(position) from log.events), 0), (select event_id from log.events where position = $2) \
             from log.epochs",
        )
        .bind(epoch)
        .bind(position)
        .fetch_one(&self.log)
        .await?;
        if present != self.feed.epoch() {
            return Err(StepError::Feed(format!("it is of epoch {}, and the log of {present}", self.feed.epoch())));
        }
        match cut {
            Some(cut) if position > cut => Err(StepError::LostTimeline { projection: P::NAME, position, cut }),
            _ if position > head => Err(StepError::LostTimeline { projection: P::NAME, position, cut: head }),
            _ if event_id.is_some() && event_id != in_log => {
                Err(StepError::OtherEvent { projection: P::NAME, position })
            }
            _ => {
                if event_id.is_none() && in_log.is_some() {
                    self.bind(position, in_log).await?;
                }
                Ok((position, present))
            }
        }
    }

    /// Names the event at a checkpoint that an earlier version has written: from now on it is of this history.
    async fn bind(&self, position: i64, event_id: Option<Uuid>) -> sqlx::Result<()> {
        let named =
            "update read.checkpoints set event_id = $3 where projection = $1 and position = $2 and event_id is null";
        sqlx::query(named).bind(P::NAME).bind(position).bind(event_id).execute(&self.read).await.map(drop)
    }

    async fn advance(
        &self,
        mut leading: Leading<P>,
        shutdown: &CancellationToken,
    ) -> Result<(Step, Option<Leading<P>>), StepError> {
        if !in_time(ANSWER, leading.lease.keep(&self.read, self.time_to_live, P::VERSION, leading.position)).await? {
            return Ok((Step::Superseded, None));
        }
        if let Some(step) = self.forget(&mut leading).await? {
            let leading = (step != Step::Superseded).then_some(leading);
            return Ok((step, leading));
        }
        if let Some(tenant) = in_time(ANSWER, self.next_retry(&mut leading)).await? {
            return self.replay(leading, tenant).await;
        }
        if leading.waiting.is_empty() {
            let wait = tokio::time::timeout(self.patience, leading.listener.next(MOST_EVENTS));
            let came = tokio::select! {
                () = shutdown.cancelled() => return Ok((Step::Idle, Some(leading))),
                came = wait => came,
            };
            let Ok(came) = came else { return Ok((Step::Idle, Some(leading))) };
            leading.waiting.extend(came.map_err(|error| StepError::Feed(error.to_string()))?);
        }
        self.take_batch(leading).await
    }

    async fn take_batch(&self, mut leading: Leading<P>) -> Result<(Step, Option<Leading<P>>), StepError> {
        let taken = next_batch(&mut leading.waiting);
        let Some(last) = taken.last() else { return Ok((Step::Idle, Some(leading))) };
        let (count, to, event_id) = (taken.len(), last.position, Some(last.event_id));
        let erasing: Vec<_> = taken.iter().filter(|event| event.metadata.contains_key(ERASES)).cloned().collect();
        let events: Vec<Arc<RecordedEvent>> =
            taken.into_iter().filter(|event| !leading.stalled.contains(&event.tenant_id)).collect();
        let mut span = Self::span(&events);
        let events = self.opened(events).await?;
        span.count("tidemark.events", events.len());
        let batch = Batch {
            lease: leading.lease,
            epoch: leading.epoch,
            from: leading.position,
            to,
            event_id,
            events,
            skips: Arc::clone(&leading.skips),
            replay: None,
            at_unknown: self.at_unknown(),
        };
        let committed = self.commit(batch, count).await;
        if !matches!(&committed, Ok(Took::All(culprits)) if culprits.is_empty()) {
            span.fail("not all was taken in");
        }
        drop(span);
        let culprits = match committed? {
            Took::All(culprits) => culprits,
            Took::Nothing(why) => return Ok((why, None)),
        };
        leading.position = to;
        leading.growth.follow(count, &self.read, P::NAME);
        leading.stalled.extend(culprits);
        leading.erasing.extend(erasing.into_iter().filter(|event| leading.stalled.contains(&event.tenant_id)));
        self.measure(&leading);
        Ok((Step::Took(count), Some(leading)))
    }

    /// What taking these in is to the traces of those that the projection follows.
    fn span(events: &[Arc<RecordedEvent>]) -> Span {
        let followed = events.iter().filter(|event| P::FOLLOWS.contains(&&*event.aggregate_type));
        let traces = followed.filter_map(|event| TraceParent::of_event(event));
        Span::of_many(traces, SpanKind::Consumer, "project", P::NAME)
    }

    /// The events with the personal data of those that this projection follows. Who was erased by one of them is
    /// forgotten first.
    async fn opened(&self, mut events: Vec<Arc<RecordedEvent>>) -> Result<Vec<Arc<RecordedEvent>>, StepError> {
        let Some(keyring) = &self.keyring else { return Ok(events) };
        events.iter().for_each(|event| keyring.take(event));
        let followed = events.iter_mut().filter(|event| P::FOLLOWS.contains(&&*event.aggregate_type)).collect();
        keyring.open_shared(followed).await?;
        Ok(events)
    }

    /// What is to be done about an unknown event. A stall that an older worker records all the same is tried again by
    /// whoever leads next.
    fn at_unknown(&self) -> AtUnknown {
        match self.handed_over {
            Some(at) if at.elapsed() < BETWEEN_HANDOVERS => AtUnknown::Stop,
            _ => AtUnknown::HandOver,
        }
    }

    /// Commits in a task that nobody drops.
    async fn commit(&self, batch: Batch, count: usize) -> Result<Took, StepError> {
        let started = Instant::now();
        let applying = apply(Arc::clone(&self.projection), self.read.clone(), self.checkpoints.clone(), batch);
        let culprits = match in_task(applying).await? {
            Applied::Committed(culprits) => culprits,
            Applied::Superseded => {
                tracing::warn!(projection = P::NAME, "another worker has taken this projection over; standing by");
                return Ok(Took::Nothing(Step::Superseded));
            }
            Applied::Unknown(event) => {
                tracing::warn!(
                    projection = P::NAME, position = event.position, event_type = %event.event_type,
                    version = %event.event_version, "the event is unknown here; giving the lease to a newer worker, if there is one"
                );
                return Ok(Took::Nothing(Step::HandedOver));
            }
        };
        metrics::histogram!("tidemark_projection_batch_events", "projection" => P::NAME).record(count as f64);
        metrics::histogram!("tidemark_projection_batch_seconds", "projection" => P::NAME)
            .record(started.elapsed().as_secs_f64());
        metrics::counter!("tidemark_projection_events_total", "projection" => P::NAME).increment(count as u64);
        for (tenant, culprit) in &culprits {
            tracing::error!(
                projection = P::NAME, %tenant, position = culprit.event.position, event = %culprit.event.event_id,
                event_type = %culprit.event.event_type, error = %culprit.error, "the projection has stopped for this tenant"
            );
        }
        Ok(Took::All(culprits.into_keys().collect()))
    }

    fn measure(&self, leading: &Leading<P>) {
        if let Some(head) = self.feed.head() {
            metrics::gauge!("tidemark_projection_lag", "projection" => P::NAME)
                .set((head - leading.position).max(0) as f64);
        }
        metrics::gauge!("tidemark_projection_stalls", "projection" => P::NAME).set(leading.stalled.len() as f64);
    }

    /// A process that has lost its lease would else tell for ever what was wrong while it had it.
    fn measure_standby() {
        metrics::gauge!("tidemark_projection_lag", "projection" => P::NAME).set(0.0);
        metrics::gauge!("tidemark_projection_stalls", "projection" => P::NAME).set(0.0);
    }
}

/// Runs a transaction in a task that nobody drops. One that takes too long may have been committed: that is read from the
/// checkpoint, under a new fence.
async fn in_task<T: Send + 'static>(
    transaction: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> Result<T, StepError> {
    let mut running = tokio::spawn(transaction);
    match tokio::time::timeout(WORK, &mut running).await {
        Ok(ended) => Ok(ended??),
        Err(_) => {
            suspect();
            running.abort();
            Err(overdue().into())
        }
    }
}

/// As much of the backlog as goes into one batch; at least one event.
fn next_batch(waiting: &mut VecDeque<Arc<RecordedEvent>>) -> Vec<Arc<RecordedEvent>> {
    let mut bytes = 0;
    let mut count = 0;
    for event in waiting.iter().take(MOST_EVENTS) {
        bytes += event.weight();
        if count > 0 && bytes > MOST_BYTES {
            break;
        }
        count += 1;
    }
    waiting.drain(..count).collect()
}

fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..1.0))
}

fn backoff(failures: u32) -> Duration {
    jittered(Duration::from_millis(50) * 2_u32.pow(failures.min(7)))
}
