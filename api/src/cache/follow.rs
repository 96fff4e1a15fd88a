//! Keeps the marks up to date with the feed, and knows when they are.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::feed::{Feed, FeedError, Listener};
use tidemark_engine::log;
use tidemark_engine::personal::ERASES;
use tidemark_kernel::TenantId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Cache, Touches};

/// How often the log is asked whether the feed has shown everything.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long it may take to tell.
const ASK_DEADLINE: Duration = Duration::from_secs(1);
const MOST_EVENTS: usize = 1024;

impl Cache {
    /// Follows the feed until `shutdown`. A cache is followed once, by the feed of its epoch; when that ends, it serves
    /// nothing any more. `log` tells heads, as `tidemark_log`.
    ///
    /// # Errors
    /// When the feed ends by itself.
    pub async fn follow(
        &self,
        feed: &Feed,
        log: &PgPool,
        touches: &[Touches],
        shutdown: CancellationToken,
    ) -> Result<(), FeedError> {
        let following = async {
            let mut head = feed.watch();
            let Ok(begun) = head.wait_for(|head| *head >= 0).await.map(|head| *head) else { return feed.join().await };
            let (taken, progress) = watch::channel(begun);
            let mut follower = Follower { cache: self.clone(), listener: feed.listen(begun), touches, taken };
            // From here on no event is missed, so floors may be read.
            let _ = self.0.log.set(log.clone());
            tokio::select! {
                ended = follower.run() => ended,
                () = self.watch_currency(log, progress) => Ok(()),
            }
        };
        let ended = tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            ended = following => ended,
        };
        self.0.current_at.store(0, Ordering::Release);
        ended
    }

    /// Confirms again and again that the feed has shown everything there was when the log was asked.
    async fn watch_currency(&self, log: &PgPool, mut taken: watch::Receiver<i64>) {
        let mut ticks = tokio::time::interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let asked_at = Instant::now();
            let passed = async {
                let head = log::head(log).await.ok()?;
                taken.wait_for(|taken| *taken >= head).await.ok().map(drop)
            };
            if let Ok(Some(())) = tokio::time::timeout(ASK_DEADLINE, passed).await {
                self.confirm_current(asked_at);
            }
        }
    }

    fn take(&self, event: &RecordedEvent, tags: &[super::Tag]) {
        let Ok(tenant) = event.tenant_id.parse::<TenantId>() else { return };
        if let Some(shared) = self.0.shared.as_ref().filter(|_| event.metadata.contains_key(ERASES)) {
            shared.owe(&tenant, event.tenant_position);
        }
        if let Some(marks) = self.tenant(&tenant) {
            marks.touch(event.tenant_position, tags);
        }
    }
}

/// Raises marks as the feed brings events.
struct Follower<'a> {
    cache: Cache,
    listener: Listener,
    touches: &'a [Touches],
    taken: watch::Sender<i64>,
}

impl Follower<'_> {
    async fn run(&mut self) -> Result<(), FeedError> {
        loop {
            self.step().await?;
        }
    }

    async fn step(&mut self) -> Result<(), FeedError> {
        let mut tags = Vec::new();
        for event in self.listener.next(MOST_EVENTS).await? {
            tags.clear();
            self.touches.iter().for_each(|touches| touches(&event, &mut tags));
            self.cache.take(&event, &tags);
        }
        self.taken.send_replace(self.listener.position());
        Ok(())
    }
}
