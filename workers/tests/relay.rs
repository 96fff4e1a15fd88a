//! The workers process over real servers: it connects as a role that owns nothing, relays, and ends cleanly.
#![allow(clippy::unwrap_used)]

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tidemark_engine::relay::STREAM;
use tidemark_engine::{broker, log};
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);

fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo dev test`"))
}

/// A server of our own, because the stream's name is not the test's to choose.
struct Nats {
    child: Child,
    url: String,
    _store: tempfile::TempDir,
}

impl Nats {
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let store = tempfile::TempDir::new().unwrap();
        let child = Command::new(required("TIDEMARK_TEST_NATS_SERVER"))
            .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
            .arg(store.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, url: format!("nats://127.0.0.1:{port}"), _store: store }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _gone = self.child.kill().and_then(|()| self.child.wait());
    }
}

async fn append(pool: &PgPool) {
    sqlx::query(
        "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at) \
         select n, gen_random_uuid(), 'acme', n, 'post', 'acme/p' || n, 1, 'PostCreated', '1', '{}', '{}', now() from generate_series(1, 10) as n",
    )
    .execute(pool)
    .await
    .unwrap();
    pool.execute("notify tidemark_log, '10'").await.unwrap();
}

#[tokio::test]
async fn a_worker_relays_the_log_and_gives_its_lease_up() {
    let nats = Nats::start();
    let maintenance: PgConnectOptions = required("TIDEMARK_TEST_DATABASE_URL").parse().unwrap();
    let name = format!("tidemark_workers_{}", std::process::id());
    let mut owner = PgConnection::connect_with(&maintenance).await.unwrap();
    owner.execute(format!("create database {name}").as_str()).await.unwrap();
    let mut url = url::Url::parse(&required("TIDEMARK_TEST_DATABASE_URL")).unwrap();
    url.set_path(&name);
    let pool = PgPoolOptions::new().connect(url.as_str()).await.unwrap();
    tidemark_engine::migrate(&pool, "tidemark-tests").await.unwrap();

    let mut settings = Settings::for_tests(url.as_str(), nats.url.clone());
    settings.stream_max_mib = 64;
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(tidemark_workers::run(settings, shutdown.clone()));
    append(&pool).await;
    let context = async_nats::jetstream::new(broker::connect(&nats.url, "test").await.unwrap());
    let whole = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        while !context.get_stream(STREAM).await.is_ok_and(|stream| stream.cached_info().state.last_sequence == 10) {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, whole).await.expect("the log is relayed");
    assert_eq!(log::head(&pool).await.unwrap(), 10);

    shutdown.cancel();
    tokio::time::timeout(PATIENCE, running).await.expect("the worker ends").unwrap().unwrap();
    let held: bool = sqlx::query_scalar("select until > clock_timestamp() from log.leases where name = 'relay'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!held);
    pool.close().await;
    owner.execute(format!("drop database {name} with (force)").as_str()).await.unwrap();
}

#[tokio::test]
async fn a_worker_without_a_broker_waits_for_its_end() {
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let settings = Settings::for_tests("postgres://postgres@127.0.0.1:1/none", None);
    tidemark_workers::run(settings, shutdown).await.unwrap();
}
