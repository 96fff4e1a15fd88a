//! The counts that all processes share, in Redis: a script and a round trip each time something is counted or given back.
//!
//! A Redis that is away or slow holds nobody up. There is a connection or there is none, and without one nothing is asked;
//! the first request that waits too long, or fails, takes the connection away. One task, [`Shared::keep_connected`], brings
//! another, and only once a trial count over it was quick enough.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::gcra::{Quota, Standing, Verdict};
use super::name::{Cell, Names};

/// How long a request waits for Redis before this process counts by itself.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(2);
/// How long Redis is left alone after it failed.
const PAUSE: Duration = Duration::from_millis(500);
/// What a new connection is tried with.
const TRIAL: Quota = Quota::new("trial", 1_000_000);

/// Why a count in Redis failed.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("no answer within {} ms", PATIENCE.as_millis())]
    Slow,
    #[error(transparent)]
    Refused(#[from] RedisError),
    #[error("an answer of another shape")]
    Shape,
}

/// Counts in Redis.
pub(super) struct Shared {
    client: Client,
    script: Script,
    releasing: Script,
    /// The connection, and which of all that there were it is.
    connection: RwLock<Option<(u64, MultiplexedConnection)>>,
    lost: Notify,
}

impl Shared {
    /// # Errors
    /// When `url` is none of Redis.
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::open(url)?,
            script: Script::new(include_str!("charge.lua")),
            releasing: Script::new(include_str!("release.lua")),
            connection: RwLock::default(),
            lost: Notify::new(),
        })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Counts a request in all cells or in none; nothing when Redis cannot say in time.
    pub(super) async fn charge(&self, cells: &[Cell]) -> Option<Verdict> {
        let (number, mut connection) = self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        match self.ask(&mut connection, cells).await {
            Ok(verdict) => Some(verdict),
            Err(error) => {
                self.lose(number, &error);
                None
            }
        }
    }

    /// Gives back so many microseconds of each cell. What Redis does not take in time stays counted until it is worked off.
    pub(super) async fn release(&self, cells: &[(Cell, u64)]) {
        let connected = self.connection.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((number, mut connection)) = connected else { return };
        let mut call = self.releasing.prepare_invoke();
        for (cell, amount) in cells {
            call.key(key_of(cell)).arg(*amount);
        }
        let asked = timeout(PATIENCE, call.invoke_async::<u64>(&mut connection)).await;
        if let Err(error) = asked.map_err(|_| Failed::Slow).and_then(|answered| answered.map_err(Failed::from)) {
            self.lose(number, &error);
        }
    }

    /// Connects, again and again, until `shutdown`.
    pub(super) async fn keep_connected(&self, names: &Names, shutdown: &CancellationToken) {
        let trial = Cell { quota: TRIAL, name: names.name(TRIAL.name, None, &[]) };
        let mut has_complained = false;
        for number in 1.. {
            let connected = tokio::select! {
                () = shutdown.cancelled() => return,
                connected = self.connect(&trial) => connected,
            };
            match connected {
                Ok(connection) => {
                    tracing::info!("rate limits are counted in Redis");
                    *self.connection.write().unwrap_or_else(PoisonError::into_inner) = Some((number, connection));
                    has_complained = false;
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        () = self.lost.notified() => {}
                    }
                }
                Err(error) if has_complained => tracing::debug!(%error, "Redis is still away"),
                Err(error) => {
                    tracing::warn!(%error, "Redis is away; each process counts rate limits by itself");
                    has_complained = true;
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(PAUSE) => {}
            }
        }
    }

    async fn connect(&self, trial: &Cell) -> Result<MultiplexedConnection, Failed> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECTING)).set_response_timeout(None);
        let mut connection = timeout(CONNECTING, self.client.get_multiplexed_async_connection_with_config(&config))
            .await
            .map_err(|_| Failed::Slow)??;
        // A new server does not have the scripts yet; asking is measured after it does.
        for script in [&self.script, &self.releasing] {
            timeout(CONNECTING, script.load_async(&mut connection)).await.map_err(|_| Failed::Slow)??;
        }
        self.ask(&mut connection, &[*trial]).await?;
        Ok(connection)
    }

    async fn ask(&self, connection: &mut MultiplexedConnection, cells: &[Cell]) -> Result<Verdict, Failed> {
        let mut call = self.script.prepare_invoke();
        for cell in cells {
            call.key(key_of(cell)).arg(cell.quota.spacing()).arg(cell.quota.window());
        }
        let asked = timeout(PATIENCE, call.invoke_async::<Vec<u64>>(connection));
        let answer = asked.await.map_err(|_| Failed::Slow)??;
        let [refused, debts @ ..] = &*answer else { return Err(Failed::Shape) };
        if debts.len() != cells.len() {
            return Err(Failed::Shape);
        }
        let standings = cells.iter().zip(debts).map(|(cell, debt)| Standing { quota: cell.quota, debt: *debt });
        Ok(Verdict { is_admitted: *refused == 0, standings: standings.collect() })
    }

    /// Takes the connection away, unless that has happened already.
    fn lose(&self, number: u64, error: &Failed) {
        let mut connection = self.connection.write().unwrap_or_else(PoisonError::into_inner);
        if connection.as_ref().is_some_and(|(present, _)| *present == number) {
            *connection = None;
            tracing::warn!(%error, "Redis fails; this process counts rate limits by itself for now");
            self.lost.notify_one();
        }
    }
}

fn key_of(cell: &Cell) -> String {
    format!("tidemark:limit:{}", URL_SAFE_NO_PAD.encode(cell.name.bytes()))
}
