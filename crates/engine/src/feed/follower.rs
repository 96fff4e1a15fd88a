//! The feed's task: takes the next event from whichever source has it first and can be believed.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::consumer::Consumer;
use super::listener::contiguous;
use super::{FeedError, FeedSettings, Shared, Source, lock};
use crate::event::RecordedEvent;
use crate::heads::{self, Break, Head, Pages};
use crate::message;
use crate::signature::Signer;

/// Messages this far behind show a consumer that is nearly there; further behind, it began in the wrong place.
const NEAR: i64 = 1024;
/// How long one read of the log may take before messages are looked at again.
const READ_DEADLINE: Duration = Duration::from_secs(2);
const READ_PAUSE: Duration = Duration::from_millis(200);
/// A consumer that is silent for this long while the log grows is made anew.
const SILENCE: Duration = Duration::from_secs(2);

pub(super) async fn run(
    settings: FeedSettings,
    shared: Arc<Shared>,
    seen: watch::Sender<i64>,
    shutdown: CancellationToken,
) -> Result<(), FeedError> {
    let (known, heads) = watch::channel(Head::UNKNOWN);
    let (pool, poll) = (settings.pool.clone(), settings.poll);
    let following = Arc::clone(&shared);
    let known_to_follower = known.clone();
    let follow = async move {
        let shared = following;
        let mut follower = Follower::begin(settings, Arc::clone(&shared), seen, known_to_follower, heads).await;
        loop {
            let error = match follower.step().await {
                Ok(()) => continue,
                Err(error) => error,
            };
            // Set before `seen` is dropped, so that a listener that wakes finds the reason.
            *lock(&shared.failure) = Some(error);
            return Err(error);
        }
    };
    let stopped = async move {
        shutdown.cancelled().await;
        *lock(&shared.failure) = Some(FeedError::Stopped);
    };
    tokio::select! {
        () = stopped => Ok(()),
        ended = follow => ended,
        never = heads::follow(&pool, poll, &known) => match never {},
    }
}

struct Follower {
    pool: PgPool,
    signer: Signer,
    epoch: i32,
    patience: Duration,
    shared: Arc<Shared>,
    seen: watch::Sender<i64>,
    known: watch::Sender<Head>,
    heads: watch::Receiver<Head>,
    consumer: Option<Consumer>,
    pages: Pages,
    last: i64,
    /// Since when the log is known to have more than we do.
    behind_since: Option<Instant>,
    /// JetStream did not have in time what the log has; it must first show that it lives.
    stalled: bool,
    /// Since when the consumer has shown no sign of life although the log had something for it.
    owing_since: Option<Instant>,
    /// Not before this is the log read again: it was away, or refused.
    log_pause: Option<Instant>,
}

/// What woke the follower.
enum Wake {
    Head,
    Messages(Option<Vec<Message>>),
    Deadline,
}

impl Follower {
    async fn begin(
        settings: FeedSettings,
        shared: Arc<Shared>,
        seen: watch::Sender<i64>,
        known: watch::Sender<Head>,
        mut heads: watch::Receiver<Head>,
    ) -> Self {
        // The first poll brings head and epoch together. Whoever watches ends this future when it goes.
        let begun = heads.wait_for(|head| head.epoch.is_some()).await.map(|head| *head).ok();
        let Some(head) = begun else { return std::future::pending().await };
        lock(&shared.ring).begin(head.position);
        seen.send_replace(head.position);
        tracing::info!(position = head.position, "the feed begins");
        Self {
            pool: settings.pool,
            signer: settings.signer,
            epoch: settings.epoch,
            patience: settings.patience,
            shared,
            seen,
            known,
            heads,
            consumer: settings.nats.map(|client| Consumer::new(client, settings.stream)),
            pages: Pages::new(),
            last: head.position,
            behind_since: None,
            stalled: false,
            owing_since: None,
            log_pause: None,
        }
    }

    async fn step(&mut self) -> Result<(), FeedError> {
        self.check_history()?;
        match self.wake().await {
            Wake::Messages(Some(messages)) => self.take(messages).await?,
            Wake::Messages(None) | Wake::Head | Wake::Deadline => {}
        }
        self.watch_stall().await?;
        self.show();
        Ok(())
    }

    async fn wake(&mut self) -> Wake {
        let deadline = self.deadline();
        let last = self.last;
        tokio::select! {
            biased;
            messages = next_messages(self.consumer.as_mut(), last) => Wake::Messages(messages),
            _ = self.heads.changed() => Wake::Head,
            () = sleep_until(deadline) => Wake::Deadline,
        }
    }

    /// When the log is to be read although nothing has happened.
    fn deadline(&self) -> Option<Instant> {
        let due = if self.follows_log() { self.behind_since? } else { self.behind_since? + self.patience };
        Some(self.log_pause.map_or(due, |pause| pause.max(due)))
    }

    /// Whether the log is read as soon as it has something.
    fn follows_log(&self) -> bool {
        self.stalled || !self.consumer.as_ref().is_some_and(Consumer::is_live)
    }

    async fn take(&mut self, messages: Vec<Message>) -> Result<(), FeedError> {
        let mut run = Vec::with_capacity(messages.len());
        for message in &messages {
            let next = self.last + 1 + run.len() as i64;
            // The broker's sequence is the position; what the message says about itself is checked below.
            let Some(position) = message.info().ok().and_then(|info| i64::try_from(info.stream_sequence).ok()) else {
                continue;
            };
            if position < next {
                self.note_old(position, message);
                continue;
            }
            if position > next {
                rejected("gap");
                self.push(std::mem::take(&mut run));
                self.read_log_to(position - 1).await?;
                if self.last + 1 != position {
                    continue;
                }
            }
            match self.open(position, message) {
                Ok(event) => run.push(event),
                Err(reason) => {
                    rejected(reason);
                    self.push(std::mem::take(&mut run));
                    self.read_log_to(position).await?;
                }
            }
        }
        if !run.is_empty() {
            self.alive();
            metrics::counter!("tidemark_feed_events_total", "source" => "nats").increment(run.len() as u64);
            self.push(run);
        }
        Ok(())
    }

    fn open(&self, position: i64, message: &Message) -> Result<RecordedEvent, &'static str> {
        let headers = message.headers.as_ref().ok_or("malformed")?;
        let event =
            message::read(&self.signer, self.epoch, headers, &message.payload).map_err(message::Rejection::label)?;
        if event.position == position { Ok(event) } else { Err("position") }
    }

    /// A message of something we have already read from the log: a live consumer, if it is true and recent.
    fn note_old(&mut self, position: i64, message: &Message) {
        if self.last - position > NEAR {
            // A consumer remade by the client after a loss may begin at the stream's first message.
            if let Some(consumer) = &mut self.consumer {
                consumer.abandon();
            }
        } else if self.stalled && self.open(position, message).is_ok() {
            self.alive();
        } else {
            self.owing_since = None;
        }
    }

    fn alive(&mut self) {
        self.owing_since = None;
        self.stalled = false;
        self.behind_since = None;
        if let Some(consumer) = &mut self.consumer {
            consumer.prove();
        }
    }

    /// History was cut, or may have been. Nothing this process holds may be served any longer.
    fn check_history(&self) -> Result<(), FeedError> {
        let head = *self.heads.borrow();
        let error = match (head.epoch, head.break_found) {
            (Some(found), _) if found != self.epoch => FeedError::EpochRaised { expected: self.epoch, found },
            (_, Some(Break::Cut { seen, found })) => FeedError::HistoryCut { seen, found },
            (_, Some(Break::Timeline)) => FeedError::OtherTimeline,
            _ => return Ok(()),
        };
        tracing::error!(%error, "this process must start anew");
        Err(error)
    }

    /// Reads the log where JetStream does not bring in time what the log has.
    async fn watch_stall(&mut self) -> Result<(), FeedError> {
        let head = self.heads.borrow_and_update().position;
        if head <= self.last {
            self.behind_since = None;
            return Ok(());
        }
        let now = Instant::now();
        self.behind_since.get_or_insert(now);
        if self.deadline().is_some_and(|deadline| deadline > now) {
            return Ok(());
        }
        if self.consumer.as_ref().is_some_and(Consumer::is_live) {
            if !self.stalled {
                metrics::counter!("tidemark_feed_stalls_total").increment(1);
                self.stalled = true;
            }
            // Counted from the first event that it owes: before that it had nothing to say.
            if now.duration_since(*self.owing_since.get_or_insert(now)) > SILENCE
                && let Some(consumer) = &mut self.consumer
            {
                consumer.abandon();
                self.owing_since = None;
            }
        }
        self.read_log_to(head).await
    }

    /// Reads the log up to `position` at least, or until it is away.
    async fn read_log_to(&mut self, position: i64) -> Result<(), FeedError> {
        while self.last < position {
            if self.log_pause.is_some_and(|pause| pause > Instant::now()) {
                return Ok(());
            }
            match tokio::time::timeout(READ_DEADLINE, self.pages.read(&self.pool, self.last)).await {
                Ok(Ok(page)) if !page.is_empty() => {
                    contiguous(self.last, &page)?;
                    self.log_pause = None;
                    metrics::counter!("tidemark_feed_events_total", "source" => "log").increment(page.len() as u64);
                    self.push(page);
                }
                Ok(Ok(_)) => {
                    // A message ahead of the log is not to be believed, however well it is signed.
                    tracing::warn!(position, last = self.last, "the log does not have what was announced");
                    self.log_pause = Some(Instant::now() + READ_PAUSE);
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the feed could not read the log; trying again");
                    self.log_pause = Some(Instant::now() + READ_PAUSE);
                }
                Err(_elapsed) => self.log_pause = Some(Instant::now() + READ_PAUSE),
            }
        }
        Ok(())
    }

    fn push(&mut self, events: Vec<RecordedEvent>) {
        let Some(last) = events.last().map(|event| event.position) else { return };
        self.shared.push(events);
        self.last = last;
        self.behind_since = None;
        heads::note(&self.known, last);
        self.seen.send_replace(last);
    }

    fn show(&self) {
        self.shared.set_source(if self.follows_log() { Source::Log } else { Source::Nats });
        metrics::gauge!("tidemark_feed_position").set(self.last as f64);
    }
}

async fn next_messages(consumer: Option<&mut Consumer>, last: i64) -> Option<Vec<Message>> {
    match consumer {
        Some(consumer) => consumer.next(last).await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn rejected(reason: &'static str) {
    metrics::counter!("tidemark_feed_rejected_messages_total", "reason" => reason).increment(1);
}
