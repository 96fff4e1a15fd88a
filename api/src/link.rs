//! A link to Redis that holds nobody up.
//!
//! There is a connection or there is none, and without one nothing is asked; the first question that waits too long, or fails,
//! takes the connection away. One task, [`Link::keep`], brings another, and only once a trial over it was quick enough. Whatever
//! uses Redis has a link of its own, so that one's trouble is not another's.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long a request waits for Redis before this process goes on by itself.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(2);
/// How long Redis is left alone after it failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Why Redis did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("no answer within {} ms", PATIENCE.as_millis())]
    Slow,
    #[error(transparent)]
    Refused(#[from] RedisError),
    #[error("an answer of another shape")]
    Shape,
}

/// A link for one use.
pub(crate) struct Link {
    client: Client,
    /// What it is for, as in "rate limits are counted".
    purpose: &'static str,
    /// The connection, and which of all that there were it is.
    connection: watch::Sender<Option<(u64, MultiplexedConnection)>>,
}

impl Link {
    /// # Errors
    /// When `url` is none of Redis.
    pub(crate) fn new(url: &str, purpose: &'static str) -> anyhow::Result<Self> {
        Ok(Self { client: Client::open(url)?, purpose, connection: watch::Sender::new(None) })
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connection.borrow().is_some()
    }

    /// Comes back once there is a connection.
    pub(crate) async fn connected(&self) {
        self.is_so(Option::is_some).await;
    }

    async fn is_so(&self, condition: impl FnMut(&Option<(u64, MultiplexedConnection)>) -> bool) {
        // It cannot be closed: its sender is here.
        let _met = self.connection.subscribe().wait_for(condition).await.map(drop);
    }

    /// What Redis answers to `call`; nothing without a connection, or when it does not answer well and in time.
    pub(crate) async fn ask<T, F>(&self, call: impl FnOnce(MultiplexedConnection) -> F) -> Option<T>
    where
        F: Future<Output = Result<T, Failed>>,
    {
        let (number, connection) = self.connection.borrow().clone()?;
        match in_time(call(connection)).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.lose(number, &error);
                None
            }
        }
    }

    /// Connects, again and again, until `shutdown`. A new server does not have `scripts` yet: they are brought first, and then
    /// a `trial` is measured.
    pub(crate) async fn keep<F>(
        &self,
        scripts: &[&Script],
        trial: impl Fn(MultiplexedConnection) -> F,
        shutdown: &CancellationToken,
    ) where
        F: Future<Output = Result<(), Failed>>,
    {
        let mut has_complained = false;
        for number in 1.. {
            let connected = tokio::select! {
                () = shutdown.cancelled() => return,
                connected = self.connect(scripts, &trial) => connected,
            };
            match connected {
                Ok(connection) => {
                    tracing::info!("{} in Redis", self.purpose);
                    self.connection.send_replace(Some((number, connection)));
                    has_complained = false;
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        () = self.is_so(Option::is_none) => {}
                    }
                }
                Err(error) if has_complained => {
                    tracing::debug!(%error, "{} in each process alone: Redis is still away", self.purpose);
                }
                Err(error) => {
                    tracing::warn!(%error, "{} in each process alone: Redis is away", self.purpose);
                    has_complained = true;
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(PAUSE) => {}
            }
        }
    }

    async fn connect<F>(
        &self,
        scripts: &[&Script],
        trial: impl Fn(MultiplexedConnection) -> F,
    ) -> Result<MultiplexedConnection, Failed>
    where
        F: Future<Output = Result<(), Failed>>,
    {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECTING)).set_response_timeout(None);
        let mut connection = timeout(CONNECTING, self.client.get_multiplexed_async_connection_with_config(&config))
            .await
            .map_err(|_| Failed::Slow)??;
        for script in scripts {
            timeout(CONNECTING, script.load_async(&mut connection)).await.map_err(|_| Failed::Slow)??;
        }
        in_time(trial(connection.clone())).await?;
        Ok(connection)
    }

    /// Takes the connection away, unless that has happened already.
    fn lose(&self, number: u64, error: &Failed) {
        let is_lost = self
            .connection
            .send_if_modified(|connection| connection.take_if(|(present, _)| *present == number).is_some());
        if is_lost {
            tracing::warn!(%error, "{} in each process alone for now: Redis fails", self.purpose);
        }
    }
}

async fn in_time<T>(asked: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    timeout(PATIENCE, asked).await.unwrap_or(Err(Failed::Slow))
}
