//! The log's head as one process sees it: woken by `LISTEN tidemark_log`, with a poll as the floor.
//!
//! A notification may be lost and a poll may be late, so the head known here is at most the true one; it never falls.

use std::convert::Infallible;
use std::time::Duration;

use futures::TryStreamExt;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::event::RecordedEvent;

/// The channel that an append notifies.
const CHANNEL: &str = "tidemark_log";
const RETRY: Duration = Duration::from_millis(500);

/// What is known of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// The last position known to be committed.
    pub(crate) position: i64,
    /// The present epoch, once it has been read.
    pub(crate) epoch: Option<i32>,
}

impl Head {
    pub(crate) const UNKNOWN: Self = Self { position: 0, epoch: None };
}

/// Keeps `heads` up to date until it is dropped. Needs one connection of the pool for itself.
pub(crate) async fn follow(pool: &PgPool, every: Duration, heads: &watch::Sender<Head>) -> Infallible {
    tokio::select! {
        never = listen(pool, heads) => never,
        never = poll(pool, every, heads) => never,
    }
}

async fn listen(pool: &PgPool, heads: &watch::Sender<Head>) -> Infallible {
    loop {
        if let Err(error) = listen_once(pool, heads).await {
            tracing::debug!(%error, "not listening to the log; polling");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn listen_once(pool: &PgPool, heads: &watch::Sender<Head>) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    while let Some(notification) = listener.try_recv().await? {
        if let Ok(position) = notification.payload().parse() {
            raise(heads, position, None);
        }
    }
    Ok(())
}

async fn poll(pool: &PgPool, every: Duration, heads: &watch::Sender<Head>) -> Infallible {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match sqlx::query_as(
            "select coalesce((select max(position) from log.events), 0), (select max(epoch) from log.epochs)",
        )
        .fetch_one(pool)
        .await
        {
            Ok((position, epoch)) => raise(heads, position, epoch),
            Err(error) => tracing::debug!(%error, "the log's head could not be read"),
        }
    }
}

fn raise(heads: &watch::Sender<Head>, position: i64, epoch: Option<i32>) {
    heads.send_if_modified(|head| {
        let next = Head { position: head.position.max(position), epoch: epoch.or(head.epoch) };
        let changed = *head != next;
        *head = next;
        changed
    });
}

/// A page of the log whose size follows the weight of its events, so that large payloads do not fill the memory.
#[derive(Debug)]
pub(crate) struct Pages {
    limit: i64,
}

impl Pages {
    const LARGEST: i64 = 4096;
    const WEIGHT: usize = 8 << 20;

    pub(crate) fn new() -> Self {
        Self { limit: 256 }
    }

    /// The events that follow `after`: at least one if there is one, and no more once they weigh enough.
    pub(crate) async fn read(&mut self, pool: &PgPool, after: i64) -> sqlx::Result<Vec<RecordedEvent>> {
        let limit = self.limit;
        // Whoever gives up on a read asks for less the next time.
        self.limit = (limit / 2).max(1);
        let (mut page, mut weight) = (Vec::new(), 0);
        let mut events = sqlx::query_as::<_, RecordedEvent>(
            "select position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
                    payload, metadata, recorded_at \
             from log.events where position > $1 order by position limit $2",
        )
        .bind(after)
        .bind(limit)
        .fetch(pool);
        while weight < Self::WEIGHT
            && let Some(event) = events.try_next().await?
        {
            weight += event.weight();
            page.push(event);
        }
        let count = page.len() as i64;
        self.limit = if weight >= Self::WEIGHT {
            // The connection has to swallow what was asked for and not taken.
            count
        } else if count == limit && weight < Self::WEIGHT / 4 {
            (limit * 2).min(Self::LARGEST)
        } else {
            limit
        };
        Ok(page)
    }
}
