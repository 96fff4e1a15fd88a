//! Runs the workers of all projections with the process's settings.

use std::time::Duration;

use anyhow::Context;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use tidemark_engine::database::{Databases, WORK, close, connect_options, pool_options};
use tidemark_engine::feed::{Feed, FeedError, FeedSettings};
use tidemark_engine::personal::{self, Keyring};
use tidemark_engine::projection::{Checkpoints, ensure_source};
use tidemark_engine::signature::{self, Signer};
use tidemark_engine::{LOG_ROLE, PROJECTION_ROLE, broker, log, trace};
use tidemark_runtime::Settings;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::registry::{Sources, all};

/// One connection listens for the feed, one reads ahead; the rest read the log for those that lag behind.
const LOG_CONNECTIONS: u32 = 4;
/// What the connections are called.
const NAME: &str = "tidemark projections";
/// A projection reads and writes rows by key. Postgres keeps a plan that it made when the tables were nearly empty until they
/// are analysed, and one that reads whole tables takes longer with every row until then. Planning takes longer than reading.
const BY_KEY: [(&str, &str); 4] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];
/// A projection needs one at a time; those that cannot have one wait.
const READ_CONNECTIONS: u32 = 8;
/// How long to wait for Postgres before asking it again.
const PAUSE: Duration = Duration::from_millis(500);

/// Folds the log into all read models until `shutdown`, whether Postgres and NATS are there yet or not, and gives all
/// leases back. Where another process holds a projection's lease, this one stands by.
///
/// # Errors
/// When the settings cannot be used, or the log itself is broken.
pub fn run(settings: Settings, shutdown: CancellationToken) -> BoxFuture<'static, anyhow::Result<()>> {
    // Boxed, or it would be compiled once more in each crate that awaits it.
    Box::pin(fold_epochs(settings, shutdown))
}

async fn fold_epochs(settings: Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    if settings.otlp_endpoint.is_some() {
        trace::turn_on();
    }
    let log = pool(&settings.database_url_as(LOG_ROLE), LOG_CONNECTIONS).context("database_url")?;
    let url = settings.read_database_url_as(PROJECTION_ROLE);
    let read = connect_options(url.expose_secret(), NAME, WORK).context("read_database_url")?.options(BY_KEY);
    let read = pool_options(READ_CONNECTIONS).connect_lazy_with(read);
    let nats = match &settings.nats_url {
        Some(url) => Some(broker::connect(url, "tidemark-projections").await.context("nats_url")?),
        None => None,
    };
    let signer = Signer::new(&settings.derive_key(signature::PURPOSE));
    let keyring = Keyring::new(
        log.clone(),
        settings.derive_key(personal::PURPOSE),
        settings.derive_previous_key(personal::PURPOSE),
    );
    while let Some(epoch) = wait_for_epoch(&log, &shutdown).await {
        let databases = match settings.has_read_database() {
            true => Databases::two(log.clone(), read.clone()),
            false => Databases::one(log.clone()),
        };
        if !wait_for_source(&databases, &shutdown).await {
            break;
        }
        let feed_settings = FeedSettings::new(log.clone(), nats.clone(), signer.clone(), epoch);
        match fold(feed_settings, &read, &keyring.anew(), &shutdown).await {
            Ok(()) => break,
            Err(Failure::Feed(error)) if error.asks_for_a_new_start() => {
                tracing::warn!(%error, "starting anew");
            }
            Err(error) => return Err(error.into()),
        }
    }
    tokio::join!(close(&read), close(&log));
    Ok(())
}

/// Why the folding has ended before the process was to.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the log cannot be followed: {0}")]
    Feed(#[from] FeedError),
    #[error("a projection's worker panicked: {0}")]
    Worker(#[from] JoinError),
}

/// Runs everything until `shutdown`, or until the feed has ended, or a worker has that was not to.
async fn fold(
    settings: FeedSettings,
    read: &PgPool,
    keyring: &Keyring,
    shutdown: &CancellationToken,
) -> Result<(), Failure> {
    let ending = shutdown.child_token();
    let _end = ending.clone().drop_guard();
    let log = settings.pool.clone();
    // The feed outlives the workers: what they have in hand is finished first.
    let feed_ending = CancellationToken::new();
    let feed = Feed::start(settings, feed_ending.clone());
    let checkpoints = Checkpoints::start(read.clone());
    let mut workers = JoinSet::new();
    for projection in all() {
        let sources = Sources {
            read: read.clone(),
            log: log.clone(),
            feed: feed.clone(),
            checkpoints: checkpoints.clone(),
            keyring: keyring.clone(),
        };
        workers.spawn(projection.start(sources, ending.clone()));
    }
    let mut ended = tokio::select! {
        () = ending.cancelled() => Ok(()),
        ended = feed.join() => ended.map_err(Failure::from),
        failed = first_panic(&mut workers) => Err(Failure::from(failed)),
    };
    ending.cancel();
    while let Some(worker) = workers.join_next().await {
        if let Err(error) = worker {
            tracing::error!(%error, "a projection's worker panicked");
            ended = ended.and(Err(error.into()));
        }
    }
    feed_ending.cancel();
    ended.and(feed.join().await.map_err(Failure::from))
}

/// Waits for a worker that panics. Until the shutdown none ends in another way.
async fn first_panic(workers: &mut JoinSet<()>) -> JoinError {
    loop {
        match workers.join_next().await {
            Some(Err(error)) => return error,
            Some(Ok(())) => {}
            None => std::future::pending().await,
        }
    }
}

async fn wait_for_epoch(log: &PgPool, shutdown: &CancellationToken) -> Option<i32> {
    let mut has_complained = false;
    while !shutdown.is_cancelled() {
        match log::epoch(log).await {
            Ok(epoch) => return Some(epoch),
            Err(error) if has_complained => tracing::debug!(%error, "still waiting for the log"),
            Err(error) => {
                tracing::warn!(%error, "waiting for Postgres and its migrations");
                has_complained = true;
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    None
}

/// Waits until the read models are where the settings say, and those of this log; false when it is time to end.
async fn wait_for_source(databases: &Databases, shutdown: &CancellationToken) -> bool {
    let mut complained_of = String::new();
    while !shutdown.is_cancelled() {
        let Err(error) = ensure_source(databases).await else { return true };
        let complaint = error.to_string();
        if complaint != complained_of {
            tracing::warn!(%error, "nothing is folded yet");
            complained_of = complaint;
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    false
}

fn pool(url: &SecretString, connections: u32) -> sqlx::Result<PgPool> {
    let options = connect_options(url.expose_secret(), NAME, WORK)?;
    Ok(pool_options(connections).connect_lazy_with(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_panics_is_found_though_the_others_work_on() {
        let mut workers = JoinSet::new();
        workers.spawn(std::future::pending());
        workers.spawn(async {});
        workers.spawn(async { panic!("as a test") });
        assert!(first_panic(&mut workers).await.is_panic());
    }
}
