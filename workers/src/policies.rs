//! The policies and their effects, with the process's settings.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tidemark_engine::database::{ANSWER, WORK, close, connect_options, in_time, pool_options};
use tidemark_engine::effects::{Dispatcher, DispatcherSettings, Handler, forget_done};
use tidemark_engine::feed::{Feed, FeedSettings};
use tidemark_engine::personal::{self, Keyring};
use tidemark_engine::policy::{Policy, PolicyRunner};
use tidemark_engine::signature::{self, Signer};
use tidemark_engine::{LOG_ROLE, WORK_ROLE, broker, log};
use tidemark_runtime::Settings;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::identity::welcome::{Welcome, WelcomeMail};
use crate::mail::Mailer;

/// One connection listens for the feed, one reads ahead; the rest load what effects need to know.
const LOG_CONNECTIONS: u32 = 5;
/// Each statement is short, so the policies and the effects in hand share a few.
const WORK_CONNECTIONS: u32 = 5;
/// How long to wait for Postgres before asking it again.
const PAUSE: Duration = Duration::from_millis(500);
/// How long what was done stays in the ledger.
const KEEP_DONE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often what is older is deleted.
const FORGET: Duration = Duration::from_secs(600);
/// How much of it at once.
const FORGET_AT_ONCE: i64 = 1000;

/// All policies. Nothing else lists them.
#[must_use]
pub fn all() -> Vec<Arc<dyn Policy>> {
    vec![Arc::new(Welcome)]
}

/// Who carries out what the policies want.
fn handlers(log: &PgPool, keyring: Keyring, mailer: Option<Mailer>) -> Vec<Arc<dyn Handler>> {
    vec![Arc::new(WelcomeMail { log: log.clone(), keyring, mailer })]
}

/// Reacts to the log and carries out what follows, until `shutdown`, whether Postgres and NATS are there yet or not.
pub(crate) async fn run(settings: &Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    let mailer = Mailer::new(settings)?;
    if mailer.is_none() {
        tracing::info!("neither mail_smtp_url nor mail_folder: no mail is sent");
    }
    let log = pool(settings, LOG_ROLE, LOG_CONNECTIONS)?;
    let work = pool(settings, WORK_ROLE, WORK_CONNECTIONS)?;
    let wake = Arc::new(Notify::new());
    let keyring = Keyring::new(
        log.clone(),
        settings.derive_key(personal::PURPOSE),
        settings.derive_previous_key(personal::PURPOSE),
    );
    let handlers = handlers(&log, keyring, mailer);
    let dispatcher = Dispatcher::new(DispatcherSettings::new(work.clone(), handlers, Arc::clone(&wake)));
    let reacting = react(settings, &log, &work, &wake, &shutdown);
    let dispatching = async {
        dispatcher.run(shutdown.clone()).await;
        Ok(())
    };
    let forgetting = async {
        forget(&work, &shutdown).await;
        Ok(())
    };
    tokio::try_join!(reacting, dispatching, forgetting)?;
    close(&work).await;
    close(&log).await;
    Ok(())
}

/// Runs a worker for each policy over one feed, and anew when the log's epoch was raised.
async fn react(
    settings: &Settings,
    log: &PgPool,
    work: &PgPool,
    wake: &Arc<Notify>,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let nats = match &settings.nats_url {
        Some(url) => Some(broker::connect(url, "tidemark-policies").await.context("nats_url")?),
        None => None,
    };
    let signer = Signer::new(&settings.derive_key(signature::PURPOSE));
    while let Some(epoch) = wait_for_epoch(log, shutdown).await {
        let ending = shutdown.child_token();
        let _end = ending.clone().drop_guard();
        let feed = Feed::start(FeedSettings::new(log.clone(), nats.clone(), signer.clone(), epoch), ending.clone());
        let mut runners = JoinSet::new();
        for policy in all() {
            let runner = PolicyRunner::new(policy, work.clone(), log.clone(), feed.clone(), Arc::clone(wake));
            runners.spawn(runner.run(ending.clone()));
        }
        let ended = tokio::select! {
            ended = feed.join() => ended,
            Some(Err(panic)) = runners.join_next() => return Err(panic).context("a policy's worker panicked"),
        };
        ending.cancel();
        while let Some(runner) = runners.join_next().await {
            runner.context("a policy's worker panicked")?;
        }
        match ended {
            Ok(()) => break,
            Err(error) if error.asks_for_a_new_start() => tracing::warn!(%error, "starting anew"),
            Err(error) => return Err(error).context("the log cannot be followed"),
        }
    }
    Ok(())
}

async fn wait_for_epoch(log: &PgPool, shutdown: &CancellationToken) -> Option<i32> {
    loop {
        let asked = tokio::select! {
            () = shutdown.cancelled() => return None,
            asked = in_time(ANSWER, log::epoch(log)) => asked,
        };
        match asked {
            Ok(epoch) => return Some(epoch),
            Err(error) => tracing::debug!(%error, "policies wait for Postgres and its migrations"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return None,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn forget(work: &PgPool, shutdown: &CancellationToken) {
    let mut ticks = tokio::time::interval(FORGET);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        loop {
            let forgotten = tokio::select! {
                () = shutdown.cancelled() => return,
                forgotten = in_time(WORK, forget_done(work, KEEP_DONE, FORGET_AT_ONCE)) => forgotten,
            };
            match forgotten {
                Ok(count) if count == FORGET_AT_ONCE as u64 => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::debug!(%error, "what was done could not be forgotten; trying again later");
                    break;
                }
            }
        }
    }
}

fn pool(settings: &Settings, role: &str, connections: u32) -> anyhow::Result<PgPool> {
    let url = settings.database_url_as(role);
    let options = connect_options(url.expose_secret(), "tidemark policies", WORK).context("database_url")?;
    Ok(pool_options(connections).connect_lazy_with(options))
}
