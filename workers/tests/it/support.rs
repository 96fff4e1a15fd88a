//! A migrated database of a test's own, and workers on it to be driven by hand.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tidemark_engine::effects::{Dispatcher, DispatcherSettings, Handler};
use tidemark_engine::feed::{Feed, FeedSettings};
use tidemark_engine::personal::Keyring;
use tidemark_engine::policy::{Policy, PolicyRunner};
use tidemark_engine::signature::Signer;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo dev test`"))
}

pub(crate) struct Database {
    name: String,
    pub(crate) url: String,
    owner: PgConnection,
    pub(crate) pool: PgPool,
}

impl Database {
    pub(crate) async fn create(test: &str) -> Self {
        let maintenance: PgConnectOptions = required("TIDEMARK_TEST_DATABASE_URL").parse().unwrap();
        let name = format!("tidemark_{test}_{}", std::process::id());
        let mut owner = PgConnection::connect_with(&maintenance).await.unwrap();
        owner.execute(format!("create database {name}").as_str()).await.unwrap();
        let mut url = url::Url::parse(&required("TIDEMARK_TEST_DATABASE_URL")).unwrap();
        url.set_path(&name);
        let pool = PgPoolOptions::new().connect(url.as_str()).await.unwrap();
        tidemark_engine::migrate(&pool, "tidemark-tests").await.unwrap();
        Self { name, url: url.into(), owner, pool }
    }

    pub(crate) fn options_as(&self, role: &str) -> PgConnectOptions {
        self.pool.connect_options().as_ref().clone().username(role).password("tidemark-tests")
    }

    pub(crate) async fn drop(mut self) {
        self.pool.close().await;
        self.owner.execute(format!("drop database {} with (force)", self.name).as_str()).await.unwrap();
    }
}

/// A database with the policies installed, and the roles that workers have.
pub(crate) struct Workshop {
    pub(crate) database: Database,
    pub(crate) log: PgPool,
    pub(crate) work: PgPool,
    shutdown: CancellationToken,
    _ends: DropGuard,
}

impl Workshop {
    pub(crate) async fn open(test: &str) -> Self {
        let database = Database::create(test).await;
        tidemark_workers::install(&database.pool).await.unwrap();
        let connect = |role| PgPoolOptions::new().max_connections(4).connect_lazy_with(database.options_as(role));
        let (log, work) = (connect("tidemark_log"), connect("tidemark_work"));
        let shutdown = CancellationToken::new();
        Self { database, log, work, _ends: shutdown.clone().drop_guard(), shutdown }
    }

    pub(crate) fn keyring(&self) -> Keyring {
        Keyring::new(self.log.clone(), [7; 32], None)
    }

    /// An event of the tenant `acme`.
    pub(crate) async fn happened(&self, aggregate_type: &str, id: &str, event_type: &str, mut payload: Value) {
        payload["type"] = event_type.into();
        sqlx::query(
            "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at) \
             select n, gen_random_uuid(), 'acme', n, $1, 'acme/' || $2, \
                    1 + (select count(*) from log.events where aggregate_type = $1 and aggregate_id = 'acme/' || $2), $3, '1', $4::json, '{}', now() \
             from (select coalesce(max(position), 0) + 1 as n from log.events) as next",
        )
        .bind(aggregate_type)
        .bind(id)
        .bind(event_type)
        .bind(payload)
        .execute(&self.database.pool)
        .await
        .unwrap();
    }

    /// Lets the policy react to all that has happened.
    pub(crate) async fn react(&self, policy: impl Policy) {
        let feed = FeedSettings::new(self.log.clone(), None, Signer::new(&[7; 32]), 1);
        let feed = Feed::start(feed, self.shutdown.clone());
        let name = policy.name();
        let mut runner = PolicyRunner::new(Arc::new(policy), self.work.clone(), self.log.clone(), feed, Arc::default())
            .with_patience(Duration::from_millis(50));
        let has_reacted =
            "select position = (select max(position) from log.events) from work.policies where policy = $1";
        let reacted = async {
            while !sqlx::query_scalar::<_, bool>(has_reacted).bind(name).fetch_one(&self.database.pool).await.unwrap() {
                runner.step().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, reacted).await.expect("the policy reacts");
        runner.release().await.unwrap();
    }

    pub(crate) fn dispatcher(&self, handler: impl Handler) -> Dispatcher {
        let mut settings = DispatcherSettings::new(self.work.clone(), vec![Arc::new(handler)], Arc::default());
        settings.time_for_one = Duration::from_secs(3);
        Dispatcher::new(settings)
    }

    /// Has the time come for what waits.
    pub(crate) async fn let_time_pass(&self) {
        self.database.pool.execute("update work.effects set due_at = now() where state = 'pending'").await.unwrap();
    }

    /// Each effect as `state: what is known of it`.
    pub(crate) async fn ledger(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select state || ': ' || coalesce(last_error, note, '') from work.effects order by position, number",
        )
        .fetch_all(&self.database.pool)
        .await
        .unwrap()
    }

    pub(crate) async fn close(self) {
        self.shutdown.cancel();
        self.log.close().await;
        self.work.close().await;
        self.database.drop().await;
    }
}

/// Carries out all that is due now, and waits for it.
pub(crate) async fn work_off(dispatcher: &mut Dispatcher) {
    while dispatcher.step().await.unwrap() > 0 {
        dispatcher.finish().await;
    }
}
