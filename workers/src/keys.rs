//! What time does away with: the slots of remembered commands whose turn comes again, and expired sessions.

use std::time::Duration;

use anyhow::Context;
use metrics::counter;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tidemark_engine::database::{WORK, close, connect_options, pool_options};
use tidemark_engine::{LOG_ROLE, log};
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

use crate::identity;

/// A slot has six hours for it, so that many tries may fail.
const PAUSE: Duration = Duration::from_secs(300);

/// Rotates until `shutdown`, whether Postgres is there or not.
pub(crate) async fn run(settings: &Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    let url = settings.database_url_as(LOG_ROLE);
    let options = connect_options(url.expose_secret(), "tidemark workers", WORK).context("database_url")?;
    let pool = pool_options(1).connect_lazy_with(options);
    let mut ticks = tokio::time::interval(PAUSE);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = async { step(&pool).await; identity::sessions::step(&pool).await } => {}
        }
    }
    close(&pool).await;
    Ok(())
}

/// One try. What fails is tried again with the next step.
pub async fn step(pool: &PgPool) {
    match log::rotate_idempotency_keys(pool).await {
        Ok(true) => counter!("tidemark_idempotency_slots_emptied_total").increment(1),
        Ok(false) => {}
        Err(error) => {
            counter!("tidemark_idempotency_rotation_failures_total").increment(1);
            tracing::warn!(%error, "remembered commands were not rotated; trying again");
        }
    }
}
