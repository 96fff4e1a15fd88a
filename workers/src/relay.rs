//! Runs the relay with the process's settings.

use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tidemark_engine::database::{WORK, close, connect_options, pool_options};
use tidemark_engine::position::{self, PositionCodec};
use tidemark_engine::relay::{Relay, RelaySettings, StreamSettings};
use tidemark_engine::signature::{self, Signer};
use tidemark_engine::{LOG_ROLE, broker};
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

/// One listens, one reads ahead, one renews the lease; the rest is room.
const CONNECTIONS: u32 = 4;

/// Relays until `shutdown`. Without a broker in the settings there is nothing to do, and that is no fault.
pub(crate) async fn run(settings: &Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    let Some(nats_url) = &settings.nats_url else {
        tracing::info!("no nats_url: nothing is fanned out");
        shutdown.cancelled().await;
        return Ok(());
    };
    let pool = log_pool(settings)?;
    let nats = broker::connect(nats_url, "tidemark-workers").await.context("nats_url")?;
    let signer = Signer::new(&settings.derive_key(signature::PURPOSE));
    // The relay puts the log's own epoch in.
    let positions = PositionCodec::new(0, &settings.derive_key(position::PURPOSE));
    Relay::new(RelaySettings::new(pool.clone(), nats, stream(settings), signer, positions)).run(shutdown).await;
    close(&pool).await;
    Ok(())
}

fn log_pool(settings: &Settings) -> anyhow::Result<PgPool> {
    let url = settings.database_url_as(LOG_ROLE);
    let options = connect_options(url.expose_secret(), "tidemark relay", WORK).context("database_url")?;
    Ok(pool_options(CONNECTIONS).connect_lazy_with(options))
}

fn stream(settings: &Settings) -> StreamSettings {
    StreamSettings {
        max_age: Duration::from_secs(settings.stream_max_age_hours * 3600),
        max_bytes: settings.stream_max_mib << 20,
        replicas: settings.stream_replicas,
        ..StreamSettings::default()
    }
}
