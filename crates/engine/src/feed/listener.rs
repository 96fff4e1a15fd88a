//! One listener of the feed: its position, and what comes after it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::ring::Found;
use super::{FeedError, Shared, lock};
use crate::event::RecordedEvent;
use crate::heads::Pages;

const RETRY: Duration = Duration::from_millis(250);

/// Reads everything after a position, each event once and in order.
#[derive(Debug)]
pub struct Listener {
    shared: Arc<Shared>,
    head: watch::Receiver<i64>,
    after: i64,
    /// Events read from the log alone and not handed out yet.
    page: std::vec::IntoIter<RecordedEvent>,
    /// What is read behind them meanwhile.
    reading: Option<Reading>,
}

/// The page of the log after a position, while it is read: a task, so that it comes on while its listener is busy with what it has, and
/// is not lost when the listener's future is dropped.
#[derive(Debug)]
struct Reading {
    after: i64,
    page: AbortOnDropHandle<(Pages, sqlx::Result<Vec<RecordedEvent>>)>,
}

impl Reading {
    fn start(pool: PgPool, after: i64, mut pages: Pages) -> Self {
        let page = tokio::spawn(async move {
            let page = pages.read(&pool, after).await;
            (pages, page)
        });
        Self { after, page: AbortOnDropHandle::new(page) }
    }
}

impl Listener {
    pub(super) fn new(shared: Arc<Shared>, after: i64) -> Self {
        let head = shared.head.clone();
        Self { shared, head, after, page: Vec::new().into_iter(), reading: None }
    }

    /// The last position that was handed out, or where it began.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.after
    }

    /// Waits for events after [`Self::position`] and returns the next ones: at least one, at most `max_events`, without
    /// a gap. Nothing is lost when the future is dropped. A database that is away is waited for.
    ///
    /// # Errors
    /// When the feed has ended.
    pub async fn next(&mut self, max_events: usize) -> Result<Vec<Arc<RecordedEvent>>, FeedError> {
        loop {
            if let Some(events) = self.try_next(max_events) {
                return Ok(events);
            }
            let fallen = matches!(lock(&self.shared.ring).after(self.after, 0), Found::Fallen);
            if fallen && self.fill().await? {
                continue;
            }
            self.head.changed().await.map_err(|_| self.shared.failure())?;
        }
    }

    /// The next events as far as they are in memory; `None` when there are none.
    pub fn try_next(&mut self, max_events: usize) -> Option<Vec<Arc<RecordedEvent>>> {
        let max_events = max_events.max(1);
        let events: Vec<_> = if self.page.len() > 0 {
            self.page.by_ref().take(max_events).map(Arc::new).collect()
        } else {
            self.head.mark_unchanged();
            match lock(&self.shared.ring).after(self.after, max_events) {
                Found::Run(events) => {
                    self.reading = None;
                    events
                }
                Found::Nothing | Found::Fallen => return None,
            }
        };
        self.after = events.last()?.position;
        Some(events)
    }

    /// Reads a page of the log for this listener alone; false when there is nothing to read. The one behind it is begun.
    async fn fill(&mut self) -> Result<bool, FeedError> {
        // What was read ahead may be of a history that was cut since: that ends the feed.
        if self.head.has_changed().is_err() {
            return Err(self.shared.failure());
        }
        let mut pages = Pages::new();
        loop {
            let begun = self.reading.take().filter(|reading| reading.after == self.after);
            let reading = begun.unwrap_or_else(|| Reading::start(self.shared.pool.clone(), self.after, pages));
            let (next, read) = (&mut self.reading.insert(reading).page).await.map_err(|error| {
                tracing::error!(%error, "the task that reads the log for a listener died");
                FeedError::Panicked
            })?;
            (pages, self.reading) = (next, None);
            match read {
                Ok(page) => {
                    contiguous(self.after, &page)?;
                    metrics::counter!("tidemark_feed_listener_log_reads_total").increment(1);
                    if let Some(last) = page.last().filter(|_| !pages.is_last()) {
                        self.reading = Some(Reading::start(self.shared.pool.clone(), last.position, pages));
                    }
                    self.page = page.into_iter();
                    return Ok(self.page.len() > 0);
                }
                Err(error) => {
                    tracing::warn!(%error, after = self.after, "a listener could not read the log; trying again");
                }
            }
            // The watch ends with the feed, so a shutdown is not kept waiting by a database that is away.
            match tokio::time::timeout(RETRY, self.head.wait_for(|_| false)).await {
                Ok(_) => return Err(self.shared.failure()),
                Err(_elapsed) => {}
            }
        }
    }
}

/// The log has no gaps. A page that shows one would make whoever reads it skip an event for ever.
pub(super) fn contiguous(after: i64, page: &[RecordedEvent]) -> Result<(), FeedError> {
    for (event, position) in page.iter().zip(after + 1..) {
        if event.position != position {
            tracing::error!(position, found = event.position, "the log has a gap");
            return Err(FeedError::Gap { position });
        }
    }
    Ok(())
}
