//! How every process uses Postgres: its connections, its pools, and how long an answer may take.
//!
//! The driver waits for an answer for ever, and a server that is frozen or has gone from the network gives none; its own
//! `statement_timeout` does not run then, and the network says nothing either. So a loop, and whoever has a client waiting,
//! asks through [`in_time`]. A connection that owes an answer is closed and not taken back by its pool: the driver would wait
//! for it, and the pool would run dry; or it would be taken back inside a transaction that somebody has begun and left. One
//! that is just being given back when the server falls silent is beyond our reach: its place is free again when the server is
//! back or the kernel gives up (`net.ipv4.tcp_retries2`).
//!
//! The server, in turn, ends statements that take longer than anybody waits for them, and finds out by keepalives about
//! clients that are gone, so that their locks do not outlive them.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};
use tokio::time::{Instant, timeout};

/// How long Postgres may take to answer before it counts as away.
pub const ANSWER: Duration = Duration::from_secs(10);
/// How long the largest piece of work that has no client waiting may take: a batch of a projection, a page of the log.
pub const WORK: Duration = Duration::from_secs(60);
/// For so long after an answer was overdue, whatever comes back to a pool may be the connection that owes it. A pool looks
/// as soon as a connection is dropped.
const SUSPICION: Duration = Duration::from_secs(2);

/// For so long after its last use, a connection is believed to be one.
const FRESH: Duration = Duration::from_millis(500);

/// The databases of an installation, to somebody who uses both: that of the log with all that belongs to it, and that of the
/// read models. A pool alone is both of them, where they are one.
#[derive(Debug, Clone)]
pub struct Databases {
    /// The schemas `log` and `work`, and those of the modules.
    pub log: PgPool,
    /// The schemas `read` and `rebuild`, and those of rebuilds.
    pub read: PgPool,
    are_two: bool,
}

impl Databases {
    /// One that holds everything.
    #[must_use]
    pub fn one(pool: PgPool) -> Self {
        Self { log: pool.clone(), read: pool, are_two: false }
    }

    /// The read models in one of their own.
    #[must_use]
    pub fn two(log: PgPool, read: PgPool) -> Self {
        Self { log, read, are_two: true }
    }

    /// Whether the read models have one of their own, so that no transaction spans both.
    #[must_use]
    pub fn are_two(&self) -> bool {
        self.are_two
    }
}

impl From<PgPool> for Databases {
    fn from(pool: PgPool) -> Self {
        Self::one(pool)
    }
}

impl From<&PgPool> for Databases {
    fn from(pool: &PgPool) -> Self {
        Self::one(pool.clone())
    }
}

impl From<&Databases> for Databases {
    fn from(databases: &Databases) -> Self {
        databases.clone()
    }
}

/// When an answer was last overdue in this process.
static OVERDUE: Mutex<Option<Instant>> = Mutex::new(None);

/// How to connect to `url` as `application`, whose statements take at most `longest`.
///
/// # Errors
/// When `url` is no database URL.
pub fn connect_options(url: &str, application: &str, longest: Duration) -> sqlx::Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url)?.application_name(application).options([
        ("statement_timeout", longest.as_millis().to_string()),
        ("tcp_keepalives_idle", "30".to_owned()),
        ("tcp_keepalives_interval", "10".to_owned()),
        ("tcp_keepalives_count", "3".to_owned()),
    ]))
}

/// A pool of at most `connections`, none of which is taken back while it owes an answer. One that was used a moment ago is
/// taken without asking whether it still is one: a round trip for each use is more than a rare error is worth, which ends in
/// another try or a 503.
#[must_use]
pub fn pool_options(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        // An error closes it without another word to the server.
        .after_release(|_, _| Box::pin(std::future::ready(if is_trusted() { Ok(true) } else { Err(overdue()) })))
}

/// Closes a pool at the end of a process, which waits no longer for connections that owe an answer.
pub async fn close(pool: &PgPool) {
    if timeout(ANSWER, pool.close()).await.is_err() {
        tracing::warn!("connections to the database were left open at the end");
    }
}

/// What `asked` comes to, if it does within `patience`. Whatever it has of a connection is dropped otherwise.
///
/// # Errors
/// As `asked`, and when there was no answer in time.
pub async fn in_time<T, E: From<sqlx::Error>>(
    patience: Duration,
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::pin!(asked);
    match timeout(patience, &mut asked).await {
        Ok(answered) => answered,
        Err(_) => {
            // Noted before the connection is dropped, which is when its pool looks.
            suspect();
            Err(overdue().into())
        }
    }
}

/// Notes that an answer is overdue.
pub(crate) fn suspect() {
    *OVERDUE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

fn is_trusted() -> bool {
    OVERDUE.lock().unwrap_or_else(PoisonError::into_inner).is_none_or(|at| at.elapsed() > SUSPICION)
}

pub(crate) fn overdue() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database has not answered in time"))
}
