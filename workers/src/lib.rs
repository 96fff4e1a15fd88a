//! The workers process: the relay, which fans the log out over NATS, and the rotation of remembered commands.
//!
//! Any number of workers may run; one of them leads the relay by a lease. It performs no command and writes no read
//! model.

pub mod keys;
mod relay;

use anyhow::Context;
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

/// Runs everything that a worker does until `shutdown`, whether Postgres and NATS are there or not.
///
/// # Errors
/// When the settings cannot be used.
pub async fn run(settings: Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    let relaying = async { relay::run(&settings, shutdown.clone()).await.context("the relay") };
    let rotating =
        async { keys::run(&settings, shutdown.clone()).await.context("the rotation of remembered commands") };
    tokio::try_join!(relaying, rotating)?;
    Ok(())
}
