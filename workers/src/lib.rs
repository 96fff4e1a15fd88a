//! The workers process: the relay, which fans the log out over NATS.
//!
//! Any number of workers may run; one of them leads the relay by a lease. It performs no command and writes no read
//! model.

mod relay;

use anyhow::Context;
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

/// Runs everything that a worker does until `shutdown`, whether Postgres and NATS are there or not.
///
/// # Errors
/// When the settings cannot be used.
pub async fn run(settings: Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    relay::run(&settings, shutdown).await.context("the relay")
}
