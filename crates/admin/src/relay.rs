//! Comparing the stream with the log.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Serialize;
use sqlx::PgPool;
use tidemark_engine::relay::{RelayReport, StreamSettings};
use tidemark_engine::signature::{self, Signer};
use tidemark_runtime::Settings;

use crate::Failure;

/// What the stream has, and whether the log says the same.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Whether the stream says nothing but what the log says, and nothing is missing in it.
    pub sound: bool,
    /// What was found.
    #[serde(flatten)]
    pub report: RelayReport,
}

/// Compares every message of the stream with the log, as the role `tidemark_log`.
///
/// # Errors
/// [`Failure::Usage`] without `nats_url` or `secret`, [`Failure::Failed`] when database or broker is away.
pub async fn check(settings: &Settings, pool: &PgPool) -> Result<Checked, Failure> {
    let Some(nats_url) = &settings.nats_url else {
        return Err(Failure::Usage("`nats_url` is not set, so there is no stream to check".into()));
    };
    if settings.secret.expose_secret().is_empty() {
        return Err(Failure::Usage(
            "`secret` is not set: the signatures of the messages cannot be checked without it".into(),
        ));
    }
    let client = connect(nats_url).await?;
    let context = async_nats::jetstream::new(client.clone());
    let signer = Signer::new(&settings.derive_key(signature::PURPOSE));
    let report = tidemark_engine::relay::check(&context, pool, &stream(settings), &signer)
        .await
        .map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(Checked { sound: report.is_sound(), report })
}

/// The stream as the workers keep it.
pub(crate) fn stream(settings: &Settings) -> StreamSettings {
    StreamSettings {
        max_age: Duration::from_secs(settings.stream_max_age_hours * 3600),
        max_bytes: settings.stream_max_mib << 20,
        replicas: settings.stream_replicas,
        ..StreamSettings::default()
    }
}

/// A connection to NATS that is there or fails, unlike that of a service.
pub(crate) async fn connect(url: &str) -> Result<async_nats::Client, Failure> {
    let options = async_nats::ConnectOptions::new()
        .name("tidemark admin")
        .connection_timeout(Duration::from_secs(5))
        .request_timeout(Some(Duration::from_secs(5)));
    let servers: Vec<String> = url.split(',').map(|server| server.trim().to_owned()).collect();
    let connected = tokio::time::timeout(Duration::from_secs(10), options.connect(servers)).await;
    let reason = match connected {
        Ok(Ok(client)) => return Ok(client),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in 10 s".to_owned(),
    };
    Err(Failure::Failed(format!("cannot connect to NATS: {reason}; is the server up, and is `nats_url` right?")))
}
