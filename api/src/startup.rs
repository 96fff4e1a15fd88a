//! From settings to a process that serves, and back, in order.

use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tidemark_commands::Commands;
use tidemark_engine::commands::Snapshots;
use tidemark_engine::database::{WORK, connect_options, in_time, pool_options};
use tidemark_engine::feed::{Feed, FeedError, FeedSettings};
use tidemark_engine::log::{self, Log};
use tidemark_engine::personal::{self, Keyring};
use tidemark_engine::position::{self, PositionCodec};
use tidemark_engine::projection::{Source, have_moved_away};
use tidemark_engine::reads::Reads;
use tidemark_engine::signature::{self, Signer};
use tidemark_engine::signing_keys::SigningKeyError;
use tidemark_engine::{LOG_ROLE, QUERY_ROLE, broker};
use tidemark_runtime::Settings;
use tidemark_tenancy::TENANT_DELETED;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::admission::Admission;
use crate::arrival::Arrivals;
use crate::cache::{Cache, SharedAnswers, Touches};
use crate::command::{REQUEST_PURPOSE, Requests};
use crate::edge::Routes;
use crate::health::{Health, MOVED_AWAY, ReadModels};
use crate::identity::oidc::Oidc;
use crate::identity::passwords::Passwords;
use crate::identity::refresh_token::RefreshTokens;
use crate::keys::SigningKeys;
use crate::limits::{FamiliarNetworks, Limits};
use crate::origins::Origins;
use crate::query::{CURSOR_PURPOSE, Cursors, PositionCookies};
use crate::revocations::Revocations;
use crate::service_tokens::ServiceTokens;
use crate::tenants::TenantDirectory;
use crate::tokens::Tokens;
use crate::{App, AppState, content, identity, openapi, tenancy};

/// Look-ups of keys, claims and secrets, the feed, the directory.
const LOG_CONNECTIONS: u32 = 8;
/// Cold loads of aggregates, and snapshots that spare some.
const LOAD_CONNECTIONS: u32 = 4;
/// How long a request waits for one of them before it is told that the database is away.
const LOG_PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait for Postgres before asking it again.
const PAUSE: Duration = Duration::from_millis(250);
const FEED_PAGE: usize = 512;
/// What the events of each module touch in the cache.
const TOUCHES: &[Touches] = &[identity::touches, content::touches, tenancy::touches];

/// What outlives an epoch.
pub(crate) struct Foundation {
    settings: Settings,
    pool: PgPool,
    commands: Commands,
    reads: Reads,
    source: Source,
    nats: Option<async_nats::Client>,
    limits: Limits,
    answers: Option<SharedAnswers>,
    keys: SigningKeys,
    passwords: Passwords,
    oidc: Oidc,
}

/// The task that owns the append connection.
pub(crate) type Appending = tokio::task::JoinHandle<()>;

/// Makes what needs no server to be there yet.
///
/// # Errors
/// When the settings cannot be used.
pub(crate) async fn found(settings: Settings, limits: Limits) -> anyhow::Result<(Foundation, Appending)> {
    let options = options(&settings, LOG_ROLE)?;
    let pool_of =
        |connections| pool_options(connections).acquire_timeout(LOG_PATIENCE).connect_lazy_with(options.clone());
    let (pool, loads) = (pool_of(LOG_CONNECTIONS), pool_of(LOAD_CONNECTIONS));
    let (log, mut appender) = Log::new(options, settings.append_queue);
    let (snapshots, mut snapshot_writer) = Snapshots::new(loads.clone(), settings.snapshot_events);
    let writing = tokio::spawn(async move { while snapshot_writer.step().await {} });
    let appending = tokio::spawn(async move {
        while appender.step().await {}
        // What snapshots then still wait is no loss.
        writing.abort();
    });
    let keyring = Keyring::new(
        pool.clone(),
        settings.derive_key(personal::PURPOSE),
        settings.derive_previous_key(personal::PURPOSE),
    );
    let commands = Commands::new(log, pool.clone()).loading_from(loads).with_snapshots(snapshots).with_keyring(keyring);
    let source = Source::default();
    let reads = reads(&settings, &source)?;
    let nats = match &settings.nats_url {
        Some(url) => Some(broker::connect(url, "tidemark-api").await.context("nats_url")?),
        None => None,
    };
    let keys = SigningKeys::load(&settings)?;
    let passwords = Passwords::with_cost(
        settings.password_hashing_slots,
        settings.password_hashing_kib,
        settings.password_hashing_passes,
    )?
    .with_strength(settings.password_strength);
    let oidc = Oidc::new(&settings)?;
    let answers = SharedAnswers::new(&settings, openapi::digest).context("redis_url")?;
    Ok((
        Foundation { settings, pool, commands, reads, source, nats, limits, answers, keys, passwords, oidc },
        appending,
    ))
}

impl Foundation {
    /// Serves epoch after epoch through `routes` until `shutdown`, whether Postgres and NATS are there yet or not.
    ///
    /// # Errors
    /// When the log itself is broken.
    pub(crate) async fn serve_epochs(
        self,
        stream: &str,
        routes: &watch::Sender<Option<Routes>>,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<()> {
        // It ends with the epochs, also where those end by themselves.
        let ending = shutdown.child_token();
        let following = tokio::spawn({
            let (reads, ending) = (self.reads.clone(), ending.clone());
            async move { reads.follow(ending).await }
        });
        let rotating = tokio::spawn({
            let (keys, pool, ending) = (self.keys.clone(), self.pool.clone(), ending.clone());
            async move { keys.follow(&pool, ending).await }
        });
        let sharing = tokio::spawn({
            let (answers, ending) = (self.answers.clone(), ending.clone());
            async move {
                if let Some(answers) = answers {
                    answers.run(&ending).await;
                }
            }
        });
        let ended = loop {
            let Some(epoch) = self.wait_for_epoch(shutdown).await else { break Ok(()) };
            match self.keys.begin(&self.pool).await {
                Ok(()) => {}
                Err(SigningKeyError::Database(error)) => {
                    tracing::warn!(%error, "the signing keys cannot be read; trying again");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(error) => break Err(error).context("access tokens cannot be signed"),
            }
            let ended = self.serve_epoch(epoch, stream, routes, shutdown).await;
            match ended {
                Err(error) if error.asks_for_a_new_start() => {
                    tracing::warn!(%error, "starting anew");
                    routes.send_replace(None);
                }
                Ok(()) | Err(FeedError::Stopped) => break Ok(()),
                Err(error) => break Err(error).context("the log cannot be followed"),
            }
        };
        ending.cancel();
        following.await.context("the listener of the read models panicked")?;
        rotating.await.context("the follower of the signing keys panicked")?;
        sharing.await.context("the sharing of answers panicked")?;
        ended
    }

    /// Serves one epoch until `shutdown`, or until the feed has ended.
    async fn serve_epoch(
        &self,
        epoch: i32,
        stream: &str,
        routes: &watch::Sender<Option<Routes>>,
        shutdown: &CancellationToken,
    ) -> Result<(), FeedError> {
        let settings = &self.settings;
        let ending = CancellationToken::new();
        let _end = ending.clone().drop_guard();
        let signer = Signer::new(&settings.derive_key(signature::PURPOSE));
        let feed_settings = FeedSettings {
            stream: stream.to_owned(),
            ..FeedSettings::new(self.pool.clone(), self.nats.clone(), signer, epoch)
        };
        let feed = Feed::start(feed_settings, ending.clone());
        let lifetime = Duration::from_secs(settings.access_token_seconds);
        let tenants = TenantDirectory::new(self.pool.clone(), settings, self.limits.clone());
        let revocations = Revocations::new(lifetime);
        let app = App::new(AppState {
            commands: self.commands.in_epoch(epoch),
            reads: self.reads.clone(),
            positions: PositionCodec::new(epoch, &settings.derive_key(position::PURPOSE)),
            position_cookies: PositionCookies::new(settings.environment),
            tenants: tenants.clone(),
            tokens: Tokens::new(self.keys.clone(), settings, epoch, revocations.clone()),
            service_tokens: ServiceTokens::new(self.pool.clone(), settings),
            refresh_tokens: RefreshTokens::new(settings),
            origins: Origins::new(settings),
            familiar: FamiliarNetworks::new(self.pool.clone()),
            passwords: self.passwords.clone(),
            oidc: self.oidc.clone(),
            cache: Cache::new(settings.cache_mib << 20, self.answers.as_ref().map(|answers| answers.in_epoch(epoch))),
            cursors: Cursors::new(&settings.derive_key(CURSOR_PURPOSE)),
            requests: Requests::new(&settings.derive_key(REQUEST_PURPOSE)),
            arrivals: Arrivals::new(),
            admission: Admission::new(settings),
            health: Health::new(
                self.pool.clone(),
                self.reads.pool().clone(),
                self.read_models(),
                feed.clone(),
                self.nats.clone(),
                self.limits.clone(),
            ),
        });
        let serving = async {
            // The head is taken before the log is read, so that nothing falls between the two.
            let after = loop {
                match in_time(WORK, self.prepare(&tenants, &revocations, lifetime)).await {
                    Ok(after) => break after,
                    Err(error) => tracing::warn!(%error, "the log cannot be read; trying again"),
                }
                tokio::time::sleep(PAUSE).await;
            };
            routes.send_replace(Some(Routes::of(app.clone())));
            let mut listener = feed.listen(after);
            loop {
                for event in listener.next(FEED_PAGE).await? {
                    tenants.take(&event);
                    revocations.take(&event);
                    app.service_tokens.take(&event);
                    app.commands.take(&event);
                    if &*event.event_type == TENANT_DELETED {
                        app.commands.forget_tenant(&event.tenant_id);
                    }
                }
            }
        };
        let caching = app.cache.follow(&feed, &self.pool, TOUCHES, ending.clone());
        let ended: Result<(), FeedError> = tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            ended = serving => ended,
            ended = caching => ended,
        };
        ending.cancel();
        if ended.is_ok() { feed.join().await } else { ended }
    }

    async fn prepare(
        &self,
        tenants: &TenantDirectory,
        revocations: &Revocations,
        lifetime: Duration,
    ) -> sqlx::Result<i64> {
        let head = log::head(&self.pool).await?;
        tenants.load().await?;
        revocations.load(&self.pool, lifetime).await?;
        Ok(head)
    }

    fn read_models(&self) -> ReadModels {
        if self.settings.has_read_database() { ReadModels::Apart } else { ReadModels::WithTheLog }
    }

    async fn epoch(&self) -> sqlx::Result<i32> {
        match self.read_models() {
            ReadModels::Apart => self.source.learn(&self.pool).await?,
            ReadModels::WithTheLog if have_moved_away(&self.pool).await? => tracing::warn!("{MOVED_AWAY}"),
            ReadModels::WithTheLog => {}
        }
        log::epoch(&self.pool).await
    }

    async fn wait_for_epoch(&self, shutdown: &CancellationToken) -> Option<i32> {
        let mut has_complained = false;
        loop {
            let asked = tokio::select! {
                () = shutdown.cancelled() => return None,
                asked = self.epoch() => asked,
            };
            match asked {
                Ok(epoch) => return Some(epoch),
                Err(error) if has_complained => tracing::debug!(%error, "still waiting for the log"),
                Err(error) => {
                    tracing::warn!(%error, "waiting for Postgres and its migrations");
                    has_complained = true;
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

/// The query side. Where the read models have a database of their own, it has to be that of this log, which `source` will know.
fn reads(settings: &Settings, source: &Source) -> anyhow::Result<Reads> {
    let (url, connections) = (settings.read_database_url_as(QUERY_ROLE), settings.query_connections);
    let opened = if settings.has_read_database() {
        Reads::open_from(url.expose_secret(), connections, source.clone())
    } else {
        Reads::open(url.expose_secret(), connections)
    };
    opened.context("read_database_url")
}

fn options(settings: &Settings, role: &str) -> anyhow::Result<PgConnectOptions> {
    let url = settings.database_url_as(role);
    connect_options(url.expose_secret(), "tidemark api", WORK).context("database_url")
}
