//! A database of a test's own with all read models installed, a log to write to, and workers that fold it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tidemark_engine::feed::{Feed, FeedSettings};
use tidemark_engine::projection::{Projection, Runner, standings};
use tidemark_engine::reads::Reads;
use tidemark_engine::signature::Signer;
use tidemark_kernel::TenantId;
use tidemark_projections::content::posts::Posts;
use tidemark_projections::identity::users::Users;
use tidemark_projections::tenancy::service_tokens::ServiceTokens;
use tidemark_projections::tenancy::settings::Settings;
use tidemark_projections::tenancy::tenants::Tenants;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

pub(crate) struct Database {
    pub(crate) owner: PgPool,
    pub(crate) reads: Reads,
    pub(crate) name: String,
    maintenance: PgConnectOptions,
    shutdown: CancellationToken,
    _stops: DropGuard,
    clock: AtomicI64,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let url = std::env::var("TIDEMARK_TEST_DATABASE_URL")
            .expect("TIDEMARK_TEST_DATABASE_URL is not set: run `cargo dev test`");
        let maintenance: PgConnectOptions = url.parse().unwrap();
        let name = format!("tidemark_test_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&maintenance).await.unwrap();
        connection.execute(format!("create database {name}").as_str()).await.unwrap();
        connection.close().await.unwrap();
        let owner = PgPoolOptions::new().max_connections(4).connect_lazy_with(maintenance.clone().database(&name));
        tidemark_engine::migrate(&owner, "tidemark-tests").await.unwrap();
        tidemark_projections::install(&owner).await.unwrap();
        let reads = Reads::new(connect(&maintenance, &name, "tidemark_query"));
        let shutdown = CancellationToken::new();
        Self {
            owner,
            reads,
            name,
            maintenance,
            _stops: shutdown.clone().drop_guard(),
            shutdown,
            clock: AtomicI64::new(0),
        }
    }

    pub(crate) fn connect_as(&self, role: &str) -> PgPool {
        connect(&self.maintenance, &self.name, role)
    }

    /// Records that something happened, one second after what was recorded before; the event's own fields are in `payload`.
    pub(crate) async fn record(
        &self,
        tenant: &str,
        aggregate_type: &str,
        id: impl ToString,
        event_type: &str,
        mut payload: Value,
    ) -> DateTime<Utc> {
        let at = DateTime::UNIX_EPOCH
            + TimeDelta::days(20_000)
            + TimeDelta::seconds(self.clock.fetch_add(1, Ordering::SeqCst));
        payload["type"] = json!(event_type);
        payload["at"] = json!(at);
        sqlx::query(
            "with new as (insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, \
                                 event_type, event_version, payload, metadata, recorded_at) \
             select coalesce((select max(position) from log.events), 0) + 1, gen_random_uuid(), $1, \
                    coalesce((select max(tenant_position) from log.events where tenant_id = $1), 0) + 1, $2, $1 || '/' || $3, \
                    coalesce((select max(sequence) from log.events where aggregate_type = $2 and aggregate_id = $1 || '/' || $3), 0) + 1, \
                    $4, '1', $5::json, '{}', $6 returning position) \
             select pg_notify('tidemark_log', position::text) from new",
        )
        .bind(tenant)
        .bind(aggregate_type)
        .bind(id.to_string())
        .bind(event_type)
        .bind(payload)
        .bind(at)
        .execute(&self.owner)
        .await
        .unwrap();
        at
    }

    /// Folds the whole log into every read model.
    pub(crate) async fn fold(&self) {
        let feed = Feed::start(
            FeedSettings::new(self.connect_as("tidemark_log"), None, Signer::new(&[7; 32]), 1),
            self.shutdown.clone(),
        );
        self.fold_one(Tenants, &feed).await;
        self.fold_one(Settings, &feed).await;
        self.fold_one(ServiceTokens, &feed).await;
        self.fold_one(Users, &feed).await;
        self.fold_one(Posts, &feed).await;
    }

    async fn fold_one<P: Projection>(&self, projection: P, feed: &Feed) {
        let head: i64 = sqlx::query_scalar("select coalesce(max(position), 0) from log.events")
            .fetch_one(&self.owner)
            .await
            .unwrap();
        let read = self.connect_as("tidemark_projection");
        let mut worker = Runner::new(projection, read, self.connect_as("tidemark_log"), feed.clone())
            .with_patience(Duration::from_millis(20));
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            worker.step().await.unwrap();
            let standing = standings(&self.owner)
                .await
                .unwrap()
                .into_iter()
                .find(|standing| standing.projection == P::NAME)
                .unwrap();
            assert_eq!(standing.stalls, 0, "{:?}", tidemark_engine::projection::stalls(&self.owner, None).await);
            if standing.position >= head {
                break;
            }
            assert!(tokio::time::Instant::now() < deadline, "{} is stuck", P::NAME);
        }
        worker.release().await.unwrap();
    }

    /// Every row of every read model, as JSON, by table.
    pub(crate) async fn everything(&self) -> BTreeMap<String, Vec<String>> {
        let mut everything = BTreeMap::new();
        for definition in tidemark_projections::definitions() {
            for table in definition.tables {
                let rows: Vec<String> =
                    sqlx::query_scalar(&format!("select to_jsonb(t)::text from read.{table} t order by 1"))
                        .fetch_all(&self.owner)
                        .await
                        .unwrap();
                everything.insert((*table).to_owned(), rows);
            }
        }
        everything
    }

    /// Puts every checkpoint back, as after a crash that lost it alone.
    pub(crate) async fn rewind(&self, position: i64) {
        sqlx::query("update read.checkpoints set position = $1").bind(position).execute(&self.owner).await.unwrap();
    }

    /// Empties every read model.
    pub(crate) async fn forget(&self) {
        for definition in tidemark_projections::definitions() {
            for table in definition.tables {
                self.owner.execute(format!("truncate read.{table}").as_str()).await.unwrap();
            }
        }
        self.rewind(0).await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (name, maintenance) = (self.name.clone(), self.maintenance.clone());
        // A thread of its own, for a test's runtime may be going down. What fails here is left to the stack's end.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(mut connection) = PgConnection::connect_with(&maintenance).await {
                    let _left =
                        connection.execute(format!("drop database if exists {name} with (force)").as_str()).await;
                }
            });
        });
        let _joined = dropping.join();
    }
}

fn connect(maintenance: &PgConnectOptions, name: &str, role: &str) -> PgPool {
    let options =
        maintenance.clone().database(name).username(role).password("tidemark-tests").options([("jit", "off")]);
    PgPoolOptions::new().max_connections(4).connect_lazy_with(options)
}

pub(crate) fn tenant(key: &str) -> TenantId {
    key.parse().unwrap()
}

/// A person with a name.
pub(crate) async fn register(database: &Database, tenant: &str, name: &str, role: &str) -> Uuid {
    let id = Uuid::now_v7();
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    database
        .record(tenant, "user", id, "UserRegistered", json!({ "id": id, "email": email, "name": name, "role": role }))
        .await;
    id
}

/// A draft.
pub(crate) async fn draft(
    database: &Database,
    tenant: &str,
    author: Uuid,
    title: &str,
    category: &str,
    tags: &[&str],
) -> Uuid {
    let id = Uuid::now_v7();
    let payload = json!({
        "id": id, "authorId": author, "slug": title.to_lowercase().replace(' ', "-"), "title": title, "content": format!("All about {title}."),
        "category": category, "tags": tags,
    });
    database.record(tenant, "post", id, "PostCreated", payload).await;
    id
}

/// A published post.
pub(crate) async fn published(
    database: &Database,
    tenant: &str,
    author: Uuid,
    title: &str,
    category: &str,
    tags: &[&str],
) -> Uuid {
    let id = draft(database, tenant, author, title, category, tags).await;
    database.record(tenant, "post", id, "PostPublished", json!({})).await;
    id
}
