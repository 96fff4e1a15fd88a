//! The policies and their effects, with the process's settings.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tidemark_commands::Commands;
use tidemark_engine::commands::Snapshots;
use tidemark_engine::database::{ANSWER, WORK, close, connect_options, in_time, pool_options};
use tidemark_engine::effects::{Dispatcher, DispatcherSettings, Handler, forget_done};
use tidemark_engine::feed::{Feed, FeedError, FeedSettings, Listener};
use tidemark_engine::log::{self, Log};
use tidemark_engine::personal::{self, Keyring};
use tidemark_engine::policy::{Policy, PolicyRunner};
use tidemark_engine::signature::{self, Signer};
use tidemark_engine::{LOG_ROLE, WORK_ROLE, broker};
use tidemark_runtime::Settings;
use tidemark_tenancy::TENANT_DELETED;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::content::publish::{Publish, PublishPost};
use crate::identity::links::{LinkKind, LinkMail, Links};
use crate::identity::mailroom::Mailroom;
use crate::identity::notices::{Notice, NoticeMail, Notices};
use crate::identity::requests;
use crate::identity::welcome::{Welcome, WelcomeMail};
use crate::mail::Delivery;

/// One connection listens for the feed, one reads ahead; the rest look up what effects need to know. The appender has its own.
const LOG_CONNECTIONS: u32 = 6;
/// Cold loads of the aggregates that effects change, of many commands at once, and snapshots that spare some.
const LOAD_CONNECTIONS: u32 = 4;
/// Each statement is short, so the policies and the effects in hand share a few.
const WORK_CONNECTIONS: u32 = 5;
/// Events that are looked through at once for who was erased.
const PAGE: usize = 512;
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
    vec![Arc::new(Publish), Arc::new(Welcome), Arc::new(Links), Arc::new(Notices)]
}

/// What policies and handlers work with, for as long as the process lives.
struct Tools {
    /// Reads the log.
    log: PgPool,
    /// Writes the ledger.
    work: PgPool,
    commands: Commands,
    keyring: Keyring,
    delivery: Delivery,
    /// Wakes the dispatcher.
    wake: Arc<Notify>,
}

/// The same, with nothing at hand of another epoch.
struct Hands {
    commands: Commands,
    keyring: Keyring,
}

/// Who carries out what the policies want.
fn handlers(settings: &Settings, tools: &Tools, hands: &Hands) -> Vec<Arc<dyn Handler>> {
    let room = Mailroom::new(settings, tools.log.clone(), hands.keyring.clone(), tools.delivery.clone());
    let mut handlers: Vec<Arc<dyn Handler>> =
        vec![Arc::new(PublishPost { commands: hands.commands.clone() }), Arc::new(WelcomeMail(room.clone()))];
    handlers.extend(Notice::ALL.map(|notice| Arc::new(NoticeMail { notice, room: room.clone() }) as Arc<dyn Handler>));
    handlers.extend(LinkKind::ALL.map(|kind| Arc::new(LinkMail { kind, room: room.clone() }) as Arc<dyn Handler>));
    handlers
}

/// Reacts to the log and carries out what follows, until `shutdown`, whether Postgres and NATS are there yet or not.
pub(crate) async fn run(settings: &Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    let delivery = Delivery::new(settings)?;
    if matches!(delivery, Delivery::Unknown) {
        tracing::warn!(
            "neither mail_smtp_url nor mail_folder is set: mail waits for a day, then it is a dead letter; `mail = off` says that none is to be sent"
        );
    }
    let options = options(settings, LOG_ROLE)?;
    let log = pool_options(LOG_CONNECTIONS).connect_lazy_with(options.clone());
    let loads = pool_options(LOAD_CONNECTIONS).connect_lazy_with(options.clone());
    let work = pool_options(WORK_CONNECTIONS).connect_lazy_with(self::options(settings, WORK_ROLE)?);
    let (queue, mut appender) = Log::new(options, settings.append_queue);
    let appending = tokio::spawn(async move { while appender.step().await {} });
    let (snapshots, mut snapshot_writer) = Snapshots::new(loads.clone(), settings.snapshot_events);
    let writing = tokio::spawn(async move { while snapshot_writer.step().await {} });
    let keyring = Keyring::new(
        log.clone(),
        settings.derive_key(personal::PURPOSE),
        settings.derive_previous_key(personal::PURPOSE),
    );
    let commands = Commands::new(queue, log.clone())
        .loading_from(loads.clone())
        .with_snapshots(snapshots)
        .with_keyring(keyring.clone());
    let tools = Tools { log: log.clone(), work: work.clone(), commands, keyring, delivery, wake: Arc::default() };
    let forgetting = async {
        forget(&work, &shutdown).await;
        Ok(())
    };
    tokio::try_join!(work_epochs(settings, &tools, &shutdown), forgetting)?;
    // The appender ends when nobody can ask any more. What snapshots then still wait is no loss.
    drop(tools);
    appending.await.context("the appender panicked")?;
    writing.abort();
    close(&work).await;
    close(&loads).await;
    close(&log).await;
    Ok(())
}

/// Works through epoch after epoch: anew when the log's was raised.
async fn work_epochs(settings: &Settings, tools: &Tools, shutdown: &CancellationToken) -> anyhow::Result<()> {
    let nats = match &settings.nats_url {
        Some(url) => Some(broker::connect(url, "tidemark-policies").await.context("nats_url")?),
        None => None,
    };
    let signer = Signer::new(&settings.derive_key(signature::PURPOSE));
    while let Some(epoch) = wait_for_epoch(&tools.log, shutdown).await {
        let feed = FeedSettings::new(tools.log.clone(), nats.clone(), signer.clone(), epoch);
        match work_epoch(settings, feed, tools, shutdown).await? {
            Ok(()) | Err(FeedError::Stopped) => break,
            Err(error) if error.asks_for_a_new_start() => tracing::warn!(%error, "starting anew"),
            Err(error) => return Err(error).context("the log cannot be followed"),
        }
    }
    Ok(())
}

/// Runs a worker for each policy, and one dispatcher, over one feed until that ends; says why it did.
async fn work_epoch(
    settings: &Settings,
    feed: FeedSettings,
    tools: &Tools,
    shutdown: &CancellationToken,
) -> anyhow::Result<Result<(), FeedError>> {
    let ending = shutdown.child_token();
    let _end = ending.clone().drop_guard();
    let hands = Hands { commands: tools.commands.in_epoch(feed.epoch), keyring: tools.keyring.anew() };
    let feed = Feed::start(feed, ending.clone());
    // Whoever is erased from here on is forgotten; before that nothing is at hand.
    if let Err(error) = feed.reached(0).await {
        return Ok(Err(error));
    }
    let listener = feed.listen(feed.head().unwrap_or_default());
    let mut workers = JoinSet::new();
    for policy in all() {
        let wake = Arc::clone(&tools.wake);
        let runner = PolicyRunner::new(policy, tools.work.clone(), tools.log.clone(), feed.clone(), wake);
        workers.spawn(runner.run(ending.clone()));
    }
    let dispatching =
        DispatcherSettings::new(tools.work.clone(), handlers(settings, tools, &hands), Arc::clone(&tools.wake));
    workers.spawn(Dispatcher::new(dispatching).run(ending.clone()));
    let commands = hands.commands.clone();
    let until = ending.clone();
    workers.spawn(async move { requests::run(&commands, &until).await });
    let ended = tokio::select! {
        ended = feed.join() => ended,
        error = forget_the_gone(listener, &hands) => Err(error),
        Some(Err(panic)) = workers.join_next() => return Err(panic).context("a policy's worker panicked"),
    };
    ending.cancel();
    while let Some(worker) = workers.join_next().await {
        worker.context("a policy's worker panicked")?;
    }
    Ok(ended)
}

/// Forgets what is at hand of people who are erased and tenants that are deleted, until the feed ends.
async fn forget_the_gone(mut listener: Listener, hands: &Hands) -> FeedError {
    loop {
        match listener.next(PAGE).await {
            Ok(events) => events.iter().for_each(|event| {
                hands.keyring.take(event);
                hands.commands.take(event);
                if &*event.event_type == TENANT_DELETED {
                    hands.commands.forget_tenant(&event.tenant_id);
                }
            }),
            Err(error) => return error,
        }
    }
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

fn options(settings: &Settings, role: &str) -> anyhow::Result<PgConnectOptions> {
    let url = settings.database_url_as(role);
    connect_options(url.expose_secret(), "tidemark policies", WORK).context("database_url")
}
