//! The log's head as one process sees it: woken by `LISTEN tidemark_log`, with a poll as the floor.
//!
//! A notification may be lost and a poll may be late, so the head known here is at most the true one; it never falls. An
//! append is on the disk before anybody sees it, so a log that is found to end earlier has lost its end for good.

use std::convert::Infallible;
use std::time::Duration;

use futures::TryStreamExt;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::database::{ANSWER, WORK, in_time};
use crate::event::RecordedEvent;
use crate::log;

/// The channel on which the heads of the log are announced.
pub(crate) const CHANNEL: &str = "tidemark_log";
const RETRY: Duration = Duration::from_millis(500);
/// A listener that has heard nothing for so long asks whether the server is still there.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);

/// What is known of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// The last position known to be committed.
    pub(crate) position: i64,
    /// The present epoch, once it has been read.
    pub(crate) epoch: Option<i32>,
    /// The first sign that what was known is not the log's history any more.
    pub(crate) break_found: Option<Break>,
}

/// How a log shows that its history may not be what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    /// It ends before what was seen of it.
    Cut { seen: i64, found: i64 },
    /// Its server has been promoted or recovered.
    Timeline,
}

impl Head {
    pub(crate) const UNKNOWN: Self = Self { position: 0, epoch: None, break_found: None };
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
    loop {
        let Ok(heard) = tokio::time::timeout(SILENCE, listener.try_recv()).await else {
            ensure_alive(&mut listener).await?;
            continue;
        };
        let Some(notification) = heard? else { return Ok(()) };
        if let Ok(position) = notification.payload().parse() {
            raise(heads, position, None);
        }
    }
}

/// A server that is gone from the network never tells a listener so.
pub(crate) async fn ensure_alive(listener: &mut PgListener) -> sqlx::Result<()> {
    in_time(ANSWER, sqlx::query("select").execute(listener)).await.map(drop)
}

async fn poll(pool: &PgPool, every: Duration, heads: &watch::Sender<Head>) -> Infallible {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut timeline = None;
    loop {
        ticks.tick().await;
        // What is noted while the answer is under way may be later than the answer.
        let seen = heads.borrow().position;
        match in_time(ANSWER, ask(pool)).await {
            Ok(polled) => {
                raise(heads, polled.position, polled.epoch);
                if let Some(broken) = find_break(seen, timeline.as_deref(), &polled) {
                    heads.send_modify(|head| head.break_found = head.break_found.or(Some(broken)));
                }
                timeline = polled.timeline.or(timeline);
            }
            Err(error) => tracing::debug!(%error, "the log's head could not be read"),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Polled {
    position: i64,
    epoch: Option<i32>,
    /// `None` on a standby.
    timeline: Option<String>,
}

async fn ask(pool: &PgPool) -> sqlx::Result<Polled> {
    sqlx::query_as(
        "select coalesce((select max(position) from log.events), 0) as position, (select max(epoch) from log.epochs) as epoch, \
                case when not pg_is_in_recovery() then substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) end as timeline",
    )
    .fetch_one(pool)
    .await
}

fn find_break(seen: i64, timeline: Option<&str>, polled: &Polled) -> Option<Break> {
    if polled.position < seen {
        return Some(Break::Cut { seen, found: polled.position });
    }
    let is_another = timeline.zip(polled.timeline.as_deref()).is_some_and(|(before, now)| before != now);
    is_another.then_some(Break::Timeline)
}

/// Notes a position that was read in another way, without waking anybody.
pub(crate) fn note(heads: &watch::Sender<Head>, position: i64) {
    heads.send_if_modified(|head| {
        head.position = head.position.max(position);
        false
    });
}

fn raise(heads: &watch::Sender<Head>, position: i64, epoch: Option<i32>) {
    heads.send_if_modified(|head| {
        let next = Head { position: head.position.max(position), epoch: epoch.or(head.epoch), ..*head };
        let changed = *head != next;
        *head = next;
        changed
    });
}

/// A page of the log whose size follows the weight of its events, so that large payloads do not fill the memory.
#[derive(Debug)]
pub(crate) struct Pages {
    limit: i64,
    is_last: bool,
}

impl Pages {
    const LARGEST: i64 = 4096;
    const WEIGHT: usize = 8 << 20;

    pub(crate) fn new() -> Self {
        Self { limit: 256, is_last: false }
    }

    /// Whether the log had no more than the page that was read last.
    pub(crate) fn is_last(&self) -> bool {
        self.is_last
    }

    /// The events that follow `after`: at least one if there is one, and no more once they weigh enough.
    pub(crate) async fn read(&mut self, pool: &PgPool, after: i64) -> sqlx::Result<Vec<RecordedEvent>> {
        let limit = self.limit;
        // Whoever gives up on a read asks for less the next time.
        (self.limit, self.is_last) = ((limit / 2).max(1), false);
        let (mut page, mut weight) = (Vec::new(), 0);
        let sql = format!("select {} from log.events where position > $1 order by position limit $2", log::COLUMNS);
        let mut rows = sqlx::query(&sql).bind(after).bind(limit).fetch(pool);
        let mut reader = log::EventReader::default();
        let reading = async {
            while weight < Self::WEIGHT
                && let Some(row) = rows.try_next().await?
            {
                let event = reader.read(&row)?;
                weight += event.weight();
                page.push(event);
            }
            Ok(())
        };
        in_time::<(), sqlx::Error>(WORK, reading).await?;
        let count = page.len() as i64;
        self.is_last = count < limit && weight < Self::WEIGHT;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn polled(position: i64, timeline: Option<&str>) -> Polled {
        Polled { position, epoch: Some(1), timeline: timeline.map(str::to_owned) }
    }

    #[test]
    fn a_log_that_goes_on_is_no_break() {
        assert_eq!(find_break(7, Some("00000001"), &polled(7, Some("00000001"))), None);
        assert_eq!(find_break(7, Some("00000001"), &polled(9, None)), None);
        assert_eq!(find_break(0, None, &polled(9, Some("00000001"))), None);
    }

    #[test]
    fn a_log_that_ends_earlier_or_on_another_timeline_is_a_break() {
        assert_eq!(find_break(7, None, &polled(6, None)), Some(Break::Cut { seen: 7, found: 6 }));
        assert_eq!(find_break(7, Some("00000001"), &polled(9, Some("00000002"))), Some(Break::Timeline));
    }

    #[test]
    fn what_is_noted_wakes_nobody() {
        let (known, heads) = watch::channel(Head::UNKNOWN);
        note(&known, 5);
        assert!(!heads.has_changed().expect("the sender lives"));
        assert_eq!(heads.borrow().position, 5);
    }
}
