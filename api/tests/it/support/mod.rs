//! What the tests stand on: a whole API each, and a client that holds every answer against the document.

mod answer;
mod contract;
mod database;
mod lines;
mod redis;
mod test_app;

use std::future::Future;
use std::time::Duration;

pub(crate) use answer::{Answer, Ask};
pub(crate) use database::TestDatabase;
pub(crate) use lines::Lines;
pub(crate) use redis::RedisServer;
pub(crate) use test_app::{PASSWORD, Person, SIGNING_KEY, TestApp, now};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A variable that `cargo dev test` sets. A test that lacks it fails, for a skipped test proves nothing.
pub(crate) fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo dev test`"))
}

/// Awaits a condition that can only be asked for.
pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let waiting = async {
        while !condition().await {
            ticks.tick().await;
        }
    };
    soon(what, waiting).await;
}

/// Awaits what must come.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not happen in time"))
}
