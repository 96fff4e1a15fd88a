//! What tests of the engine stand on: a database each, a stream each, a NATS server that may be killed.

mod database;
mod fanout;
mod nats;
mod proxy;

use std::future::Future;
use std::time::Duration;

pub(crate) use database::TestDatabase;
pub(crate) use fanout::Fanout;
pub(crate) use nats::NatsServer;
pub(crate) use proxy::Proxy;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A variable that `cargo dev test` sets. A test that lacks it fails, for a skipped test proves nothing.
pub(crate) fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo dev test`"))
}

/// Awaits what must come within [`PATIENCE`].
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not happen in time"))
}

/// Awaits a condition that can only be asked for.
pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    soon(what, async {
        while !condition().await {
            ticks.tick().await;
        }
    })
    .await;
}
