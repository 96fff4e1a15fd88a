//! The feed: one ordered, gap-free reader of the log a process, shared by all that listen in it.
//!
//! It begins at the log's head and follows it by way of JetStream, or directly where JetStream is away, stalled or not
//! to be believed. Listeners read from a ring bounded in bytes; one that is older than the ring reads the log alone, by
//! pages, until it meets the ring. No listener can hold another one or the feed.

mod consumer;
mod follower;
mod listener;
mod ring;

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{self, BoxFuture};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use listener::Listener;

use crate::event::RecordedEvent;
use crate::signature::Signer;
use ring::Ring;

/// Where the feed has its events from just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// JetStream.
    Nats,
    /// The log, by notification and poll.
    Log,
}

impl Source {
    /// `nats` or `log`, as health and metrics show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Log => "log",
        }
    }
}

/// Why nothing more will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The process is shutting down.
    #[error("the feed has stopped")]
    Stopped,
    /// The epoch was raised: history was cut, and what this process has read may never have happened. It must start anew.
    #[error("the log's epoch is {found} and not {expected} any more")]
    EpochRaised {
        /// The epoch this process runs in.
        expected: i32,
        /// The log's.
        found: i32,
    },
    /// The log ends before what this process has seen of it: a failover or a restore has lost events, and what this
    /// process has read never happened. It must start anew.
    #[error("the log ends at {found}, though it had come to {seen}")]
    HistoryCut {
        /// The last position that was seen.
        seen: i64,
        /// The last position there is.
        found: i64,
    },
    /// The server is on another timeline: after a failover nobody can tell from here whether it has all that this
    /// process has read. It must start anew.
    #[error("the log's server is on another timeline")]
    OtherTimeline,
    /// The feed's task panicked.
    #[error("the feed's task panicked")]
    Panicked,
    /// The log itself has a gap, which its design rules out. Nobody may go on over it.
    #[error("the log has no event at position {position}")]
    Gap {
        /// The position that is missing.
        position: i64,
    },
}

impl FeedError {
    /// Whether a feed that is started anew may go on, without anything that was read before.
    #[must_use]
    pub fn asks_for_a_new_start(self) -> bool {
        matches!(self, Self::EpochRaised { .. } | Self::HistoryCut { .. } | Self::OtherTimeline)
    }
}

/// What the feed needs.
#[derive(Debug, Clone)]
pub struct FeedSettings {
    /// Reads the log; one of its connections listens.
    pub pool: PgPool,
    /// The broker; without it the feed follows the log.
    pub nats: Option<async_nats::Client>,
    /// The stream's name.
    pub stream: String,
    /// Checks messages.
    pub signer: Signer,
    /// The epoch that this process runs in.
    pub epoch: i32,
    /// Memory of the ring.
    pub ring_bytes: usize,
    /// How long JetStream may keep an event that the log is known to have.
    pub patience: Duration,
    /// How often the head is asked for, whatever the notifications say.
    pub poll: Duration,
}

impl FeedSettings {
    /// The usual settings.
    #[must_use]
    pub fn new(pool: PgPool, nats: Option<async_nats::Client>, signer: Signer, epoch: i32) -> Self {
        Self {
            pool,
            nats,
            stream: crate::relay::STREAM.to_owned(),
            signer,
            epoch,
            ring_bytes: 16 << 20,
            patience: Duration::from_millis(250),
            poll: Duration::from_secs(1),
        }
    }
}

/// A running feed. Clones share it.
#[derive(Debug, Clone)]
pub struct Feed {
    shared: Arc<Shared>,
    epoch: i32,
    ended: future::Shared<BoxFuture<'static, Result<(), FeedError>>>,
}

/// What the feed's task and its listeners share.
#[derive(Debug)]
struct Shared {
    pool: PgPool,
    ring: Mutex<Ring>,
    /// The last position in the ring; -1 until the feed has begun.
    head: watch::Receiver<i64>,
    source: AtomicU8,
    /// Why the feed has ended. A task that ends without saying so has panicked.
    failure: Mutex<Option<FeedError>>,
}

impl Feed {
    /// Starts the feed at the log's head. It waits for Postgres and NATS by itself and ends with `shutdown`.
    #[must_use]
    pub fn start(settings: FeedSettings, shutdown: CancellationToken) -> Self {
        let (heads, head) = watch::channel(-1);
        let shared = Arc::new(Shared {
            pool: settings.pool.clone(),
            ring: Mutex::new(Ring::new(settings.ring_bytes)),
            head,
            source: AtomicU8::new(0),
            failure: Mutex::new(None),
        });
        let epoch = settings.epoch;
        let task = tokio::spawn(follower::run(settings, Arc::clone(&shared), heads, shutdown));
        let ended = async move {
            task.await.unwrap_or_else(|error| {
                tracing::error!(%error, "the feed's task died");
                Err(FeedError::Panicked)
            })
        };
        Self { shared, epoch, ended: ended.boxed().shared() }
    }

    /// The epoch that it was started in.
    #[must_use]
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// Everything after position `after`, in order.
    #[must_use]
    pub fn listen(&self, after: i64) -> Listener {
        Listener::new(Arc::clone(&self.shared), after)
    }

    /// The last position that the feed has seen; `None` until it has begun.
    #[must_use]
    pub fn head(&self) -> Option<i64> {
        let head = *self.shared.head.borrow();
        (head >= 0).then_some(head)
    }

    /// Changes with the head: for those who need to know that, and not what, something happened. -1 until it has begun.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.shared.head.clone()
    }

    /// Waits until the feed has seen `position`.
    ///
    /// # Errors
    /// When the feed ends before that.
    pub async fn reached(&self, position: i64) -> Result<(), FeedError> {
        let mut head = self.shared.head.clone();
        match head.wait_for(|head| *head >= position).await {
            Ok(_) => Ok(()),
            Err(_) => Err(self.shared.failure()),
        }
    }

    /// Where the events come from just now, for health.
    #[must_use]
    pub fn source(&self) -> Source {
        if self.shared.source.load(Ordering::Relaxed) == 1 { Source::Nats } else { Source::Log }
    }

    /// Waits for the feed's task to end and says why it did: `Ok` after a shutdown. It may be called from anywhere and as
    /// often as wanted, and be dropped while it waits.
    ///
    /// # Errors
    /// When it ended by itself.
    pub async fn join(&self) -> Result<(), FeedError> {
        self.ended.clone().await
    }
}

impl Shared {
    fn failure(&self) -> FeedError {
        lock(&self.failure).unwrap_or(FeedError::Panicked)
    }

    fn set_source(&self, source: Source) {
        let value = u8::from(source == Source::Nats);
        if self.source.swap(value, Ordering::Relaxed) != value {
            tracing::info!(source = source.as_str(), "the feed changes its source");
            metrics::gauge!("tidemark_feed_from_nats").set(f64::from(value));
        }
    }

    fn push(&self, events: Vec<RecordedEvent>) {
        let mut ring = lock(&self.ring);
        for event in events {
            ring.push(Arc::new(event));
        }
    }
}

/// A thread that panicked while holding one of these locks has changed nothing by halves.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
