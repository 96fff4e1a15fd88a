//! Comparing the stream with the log, and making it anew.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Serialize;
use sqlx::PgPool;
use tidemark_engine::log;
use tidemark_engine::position::{self, PositionCodec};
use tidemark_engine::relay::{self, Relay, RelayError, RelayReport, RelaySettings, StreamSettings};
use tidemark_engine::signature::{self, Signer};
use tidemark_runtime::Settings;

use crate::Failure;

/// How often the broker is asked how far it is.
const LOOK: Duration = Duration::from_millis(500);
/// How often another relay's last publishes may come between.
const REFUSALS: u32 = 20;

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
    let client = open(settings).await?;
    let context = async_nats::jetstream::new(client);
    let signer = Signer::new(&settings.derive_key(signature::PURPOSE));
    let report = relay::check(&context, pool, &stream(settings), &signer).await.map_err(|error| failed(&error))?;
    Ok(Checked { sound: report.is_sound(), report })
}

/// A stream that was made anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Remade {
    /// Its name.
    pub stream: String,
    /// Its first sequence: the first event that is young enough.
    pub first: i64,
    /// Its last one.
    pub last: i64,
    /// Durable consumers that went with the former one and have to be made again.
    pub lost_consumers: Vec<String>,
}

/// What is lost when the stream is made anew: its durable consumers, by name.
///
/// # Errors
/// As [`check`].
pub async fn durable_consumers(settings: &Settings) -> Result<Vec<String>, Failure> {
    let context = async_nats::jetstream::new(open(settings).await?);
    relay::durable_consumers(&context, &stream(settings).name).await.map_err(|error| failed(&error))
}

/// Makes the stream anew and publishes into it all that is young enough, as the role `tidemark_log`. A relay that runs elsewhere
/// stands by meanwhile. `progress` is told the last sequence and the log's end, now and then.
///
/// # Errors
/// As [`check`], and [`Failure::Failed`] when somebody else takes the lead meanwhile.
pub async fn rebuild(settings: &Settings, pool: &PgPool, progress: impl Fn(i64, i64)) -> Result<Remade, Failure> {
    let client = open(settings).await?;
    let context = async_nats::jetstream::new(client.clone());
    let stream = stream(settings);
    let name = stream.name.clone();
    let lost_consumers = relay::durable_consumers(&context, &name).await.map_err(|error| failed(&error))?;
    let signer = Signer::new(&settings.derive_key(signature::PURPOSE));
    let positions = PositionCodec::new(0, &settings.derive_key(position::PURPOSE));
    let mut relay = Relay::new(RelaySettings::new(pool.clone(), client, stream, signer, positions));
    let remade = publish(&mut relay, &context, &name, pool, progress).await;
    relay.release().await.map_err(|error| failed(&error))?;
    let (first, last) = remade?;
    Ok(Remade { stream: name, first, last, lost_consumers })
}

async fn publish(
    relay: &mut Relay,
    context: &async_nats::jetstream::Context,
    name: &str,
    pool: &PgPool,
    progress: impl Fn(i64, i64),
) -> Result<(i64, i64), Failure> {
    let mut last = relay.rebuild().await.map_err(|error| failed(&error))?;
    let first = last + 1;
    let mut refusals = 0;
    loop {
        let head = log::head(pool).await?;
        progress(last, head);
        if last >= head {
            return Ok((first, last));
        }
        match stepped(relay, context, name, &progress, head).await {
            Ok(()) => {}
            // A relay that has led until now had publishes under way, which may have fitted.
            Err(RelayError::Refused { .. }) if refusals < REFUSALS => refusals += 1,
            Err(error) => return Err(failed(&error)),
        }
        if !relay.is_leader() {
            return Err(Failure::Failed(
                "somebody else has taken the relay over; `admin relay check` tells what came of it".into(),
            ));
        }
        last = relay::last_sequence(context, name).await.map_err(|error| failed(&error))?.unwrap_or(last);
    }
}

/// One step, which may be long, and what the broker says of it meanwhile.
async fn stepped(
    relay: &mut Relay,
    context: &async_nats::jetstream::Context,
    name: &str,
    progress: &impl Fn(i64, i64),
    head: i64,
) -> Result<(), RelayError> {
    let step = relay.step();
    tokio::pin!(step);
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            published = &mut step => return published.map(drop),
            _ = looks.tick() => {
                if let Some(last) = relay::last_sequence(context, name).await? {
                    progress(last, head);
                }
            }
        }
    }
}

fn failed(error: &RelayError) -> Failure {
    Failure::Failed(error.to_string())
}

/// The broker, and all that is needed to sign what goes there.
async fn open(settings: &Settings) -> Result<async_nats::Client, Failure> {
    let Some(nats_url) = &settings.nats_url else {
        return Err(Failure::Usage("`nats_url` is not set, so there is no stream".into()));
    };
    if settings.secret.expose_secret().is_empty() {
        return Err(Failure::Usage(
            "`secret` is not set: messages can be neither signed nor checked without it".into(),
        ));
    }
    connect(nats_url).await
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
