//! The processes of Tidemark as they run in production, each by itself.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use tidemark_runtime::Settings;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::child::{Child, Work, say, word};
use crate::database::Database;

/// Requests a minute that a limit lets through: more than are made here.
const RATE: u32 = 20_000_000;

/// Which process.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Kind {
    Api,
    Projections,
    Workers,
}

/// A process and what it serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Service {
    pub(crate) kind: Kind,
    pub(crate) target: Target,
    /// Memory of the query cache in MiB; none means as the settings have it.
    pub(crate) cache_mib: Option<u64>,
}

/// The servers that all processes of a bench share.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Target {
    database_url: String,
    role_password: String,
    nats_url: Option<String>,
    redis_url: Option<String>,
}

impl Target {
    pub(crate) fn new(database: &Database, role_password: &str) -> Self {
        Self { database_url: database.url(), role_password: role_password.to_owned(), nats_url: None, redis_url: None }
    }

    pub(crate) fn with_nats(self, url: &str) -> Self {
        Self { nats_url: Some(url.to_owned()), ..self }
    }

    pub(crate) fn with_redis(self, url: &str) -> Self {
        Self { redis_url: Some(url.to_owned()), ..self }
    }

    /// The settings of a process.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            role_password: self.role_password.clone().into(),
            access_token_seconds: 24 * 60 * 60,
            redis_url: self.redis_url.clone(),
            // All connections of a bench are one person's, from one address.
            rate_anonymous: RATE,
            rate_signed_in: RATE,
            ..Settings::for_tests(&self.database_url, self.nats_url.clone())
        }
    }

    /// Starts a process.
    pub(crate) async fn start(&self, kind: Kind) -> anyhow::Result<Child> {
        Child::start(Work::Service(Service { kind, target: self.clone(), cache_mib: None })).await
    }

    /// Starts an API that remembers no answers.
    pub(crate) async fn start_uncached_api(&self) -> anyhow::Result<Child> {
        Child::start(Work::Service(Service { kind: Kind::Api, target: self.clone(), cache_mib: Some(0) })).await
    }
}

/// Serves until the word is given. An API says where it listens.
pub(crate) async fn serve(service: Service) -> anyhow::Result<()> {
    let settings = service.target.settings();
    let cache_mib = service.cache_mib.unwrap_or(settings.cache_mib);
    let settings = Settings { cache_mib, ..settings };
    // Counting and logging cost, and a process in production does both.
    tidemark_runtime::init_service_logs(&settings);
    let shutdown = CancellationToken::new();
    let metrics = tidemark_runtime::serve_metrics((Ipv4Addr::LOCALHOST, 0).into(), shutdown.clone()).await?;
    let running = match service.kind {
        Kind::Api => {
            let listener = TcpListener::bind(settings.listen).await?;
            let running = tidemark_api::start(listener, settings, shutdown.clone()).await?;
            say(&running.addr.to_string())?;
            tokio::spawn(running.finished())
        }
        Kind::Projections => {
            say("ready")?;
            tokio::spawn(tidemark_projections::run(settings, shutdown.clone()))
        }
        Kind::Workers => {
            say("ready")?;
            tokio::spawn(tidemark_workers::run(settings, shutdown.clone()))
        }
    };
    word().await?;
    shutdown.cancel();
    running.await??;
    metrics.finished().await
}
