//! The counts that all processes share, in Redis: a script and a round trip each time something is counted or given back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::Script;
use redis::aio::MultiplexedConnection;
use tokio_util::sync::CancellationToken;

use super::gcra::{Quota, Standing, Verdict};
use super::name::{Cell, Names};
use crate::link::{Failed, Link};

/// What a new connection is tried with.
const TRIAL: Quota = Quota::new("trial", 1_000_000);

/// Counts in Redis.
pub(super) struct Shared {
    link: Link,
    script: Script,
    releasing: Script,
}

impl Shared {
    /// # Errors
    /// When `url` is none of Redis.
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        let link = Link::new(url, "rate limits are counted")?;
        let [script, releasing] = [include_str!("charge.lua"), include_str!("release.lua")].map(Script::new);
        Ok(Self { link, script, releasing })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.link.is_connected()
    }

    /// Counts a request in all cells or in none; nothing when Redis cannot say in time.
    pub(super) async fn charge(&self, cells: &[Cell]) -> Option<Verdict> {
        self.link.ask(|connection| self.count(connection, cells)).await
    }

    /// Gives back so many microseconds of each cell. What Redis does not take in time stays counted until it is worked off.
    pub(super) async fn release(&self, cells: &[(Cell, u64)]) {
        let mut call = self.releasing.prepare_invoke();
        for (cell, amount) in cells {
            call.key(key_of(cell)).arg(*amount);
        }
        let released = |mut connection| async move { Ok(call.invoke_async::<u64>(&mut connection).await?) };
        self.link.ask(released).await;
    }

    /// Connects, again and again, until `shutdown`.
    pub(super) async fn keep_connected(&self, names: &Names, shutdown: &CancellationToken) {
        let trial = [Cell { quota: TRIAL, name: names.name(TRIAL.name, None, &[]) }];
        let counted = |connection| async { self.count(connection, &trial).await.map(drop) };
        self.link.keep(&[&self.script, &self.releasing], counted, shutdown).await;
    }

    async fn count(&self, mut connection: MultiplexedConnection, cells: &[Cell]) -> Result<Verdict, Failed> {
        let mut call = self.script.prepare_invoke();
        for cell in cells {
            call.key(key_of(cell)).arg(cell.quota.spacing()).arg(cell.quota.window());
        }
        let answer: Vec<u64> = call.invoke_async(&mut connection).await?;
        let [refused, debts @ ..] = &*answer else { return Err(Failed::Shape) };
        if debts.len() != cells.len() {
            return Err(Failed::Shape);
        }
        let standings = cells.iter().zip(debts).map(|(cell, debt)| Standing { quota: cell.quota, debt: *debt });
        Ok(Verdict { is_admitted: *refused == 0, standings: standings.collect() })
    }
}

fn key_of(cell: &Cell) -> String {
    format!("tidemark:limit:{}", URL_SAFE_NO_PAD.encode(cell.name.bytes()))
}
