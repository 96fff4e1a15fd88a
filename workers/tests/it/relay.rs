//! The workers process over real servers: it connects as a role that owns nothing, relays, and ends cleanly.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use sqlx::{Executor, PgPool};
use tidemark_engine::relay::STREAM;
use tidemark_engine::{broker, log};
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

use crate::support::{Database, PATIENCE, required};

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

type Running = tokio::task::JoinHandle<anyhow::Result<()>>;

fn start_worker(database: &Database, nats: &Nats) -> (CancellationToken, Running) {
    let mut settings = Settings::for_tests(&database.url, nats.url.clone());
    settings.stream_max_mib = 64;
    let shutdown = CancellationToken::new();
    (shutdown.clone(), tokio::spawn(tidemark_workers::run(settings, shutdown)))
}

async fn until_relayed(nats: &Nats) {
    let context = async_nats::jetstream::new(broker::connect(&nats.url, "test").await.unwrap());
    let whole = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        while !context.get_stream(STREAM).await.is_ok_and(|stream| stream.cached_info().state.last_sequence == 10) {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, whole).await.expect("the log is relayed");
}

async fn until_ended(shutdown: CancellationToken, running: Running) {
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, running).await.expect("the worker ends").unwrap().unwrap();
}

#[tokio::test]
async fn a_worker_relays_the_log_and_gives_its_lease_up() {
    let nats = Nats::start();
    let database = Database::create("lease").await;
    let (shutdown, running) = start_worker(&database, &nats);
    append(&database.pool).await;
    until_relayed(&nats).await;
    assert_eq!(log::head(&database.pool).await.unwrap(), 10);

    until_ended(shutdown, running).await;
    let held: bool = sqlx::query_scalar("select until > clock_timestamp() from log.leases where name = 'relay'")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert!(!held);
    database.drop().await;
}

/// What a consumer needs is in the message; our code and our database are not needed.
#[tokio::test]
async fn a_consumer_that_is_not_ours_sees_every_event_once_and_in_order() {
    let (Ok(python), Ok(packages)) = (std::env::var("TIDEMARK_TEST_PYTHON"), std::env::var("TIDEMARK_TEST_PYTHONPATH"))
    else {
        eprintln!("skipped: TIDEMARK_TEST_PYTHON and TIDEMARK_TEST_PYTHONPATH name no Python with nats-py");
        return;
    };
    let nats = Nats::start();
    let database = Database::create("stranger").await;
    let (shutdown, running) = start_worker(&database, &nats);
    append(&database.pool).await;
    until_relayed(&nats).await;

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/consumer.py");
    let consumer = Command::new(python).args([script, &nats.url, STREAM, "10"]).env("PYTHONPATH", packages).output();
    let output = consumer.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let events = log::read_after(&database.pool, 0, 100).await.unwrap();
    assert_eq!(messages.len(), events.len());
    for (event, message) in events.iter().zip(&messages) {
        let header = |name: &str| message["headers"][name].as_str().unwrap_or_else(|| panic!("{name} in {message}"));
        assert_eq!(message["sequence"], event.position);
        assert_eq!(message["data"], serde_json::from_str::<Value>(event.payload.get()).unwrap());
        assert_eq!(header("Nats-Msg-Id"), event.event_id.to_string());
        assert_eq!(header("Tidemark-Position"), event.position.to_string());
        assert_eq!(header("Tidemark-Tenant-Position"), event.tenant_position.to_string());
        assert_eq!(header("Tidemark-Epoch"), "1");
        assert_eq!(header("ce-specversion"), "1.0");
        assert_eq!(header("ce-id"), event.event_id.to_string());
        assert_eq!(header("ce-source"), "/tenants/acme/post");
        assert_eq!(header("ce-type"), "PostCreated");
        assert_eq!(header("ce-subject"), &*event.aggregate_id);
        assert!(header("ce-time").ends_with('Z'));
        assert_eq!(header("content-type"), "application/json");
        assert!(!header("Tidemark-After").is_empty() && !header("Tidemark-Signature").is_empty());
    }
    until_ended(shutdown, running).await;
    database.drop().await;
}

#[tokio::test]
async fn a_worker_without_a_broker_waits_for_its_end() {
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let settings = Settings::for_tests("postgres://postgres@127.0.0.1:1/none", None);
    tidemark_workers::run(settings, shutdown).await.unwrap();
}
