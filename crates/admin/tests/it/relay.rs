//! `relay check` and `relay rebuild`: against a server of the test's own, because the stream's name is not the test's to choose.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

use crate::support::{Database, PATIENCE, Ran, required};

pub(crate) struct Nats {
    child: Child,
    pub(crate) url: String,
    folder: tempfile::TempDir,
}

impl Nats {
    pub(crate) async fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::TempDir::new().unwrap();
        let config = folder.path().join("nats.conf");
        let store = folder.path().join("store");
        std::fs::write(&config, format!("listen: \"127.0.0.1:{port}\"\nmax_payload: 8MB\njetstream {{ store_dir: \"{}\", max_file_store: 100GB }}\n", store.display())).unwrap();
        let child = Command::new(required("TIDEMARK_TEST_NATS_SERVER"))
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, url: format!("nats://127.0.0.1:{port}"), folder };
        let client = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(&server.url).await.unwrap();
        let context = async_nats::jetstream::new(client);
        tokio::time::timeout(PATIENCE, async { while context.query_account().await.is_err() {} })
            .await
            .expect("JetStream did not start");
        server
    }

    /// Everything that lies on its disk, once it has ended.
    pub(crate) fn files(&mut self) -> Vec<u8> {
        // Asked to end, it writes what it still holds.
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        self.child.wait().unwrap();
        let mut all = Vec::new();
        read_folder(self.folder.path(), &mut all);
        all
    }
}

fn read_folder(folder: &Path, all: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { read_folder(&path, all) } else { all.extend(std::fs::read(&path).unwrap()) }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _gone = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Relays until the stream has all of the log.
pub(crate) async fn relayed(database: &Database, nats: &Nats) {
    let shutdown = CancellationToken::new();
    let workers =
        tokio::spawn(tidemark_workers::run(Settings::for_tests(&database.url, nats.url.clone()), shutdown.clone()));
    let context = async_nats::jetstream::new(async_nats::connect(&nats.url).await.unwrap());
    let head = u64::try_from(database.events().await).unwrap();
    let started = Instant::now();
    loop {
        let stream = context.get_stream(tidemark_engine::relay::STREAM).await;
        if stream.is_ok_and(|stream| stream.cached_info().state.last_sequence == head) {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "the relay did not come to {head}");
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    workers.await.unwrap().unwrap();
}

fn check(database: &Database, nats: &Nats, more: &[&str]) -> Ran {
    database.admin_with(&[("TIDEMARK_NATS_URL", &nats.url)], &[&["relay", "check"], more].concat())
}

#[tokio::test]
async fn the_stream_is_held_against_the_log() {
    let database = Database::with_acme().await;
    let nats = Nats::start().await;
    let ran = check(&database, &nats, &[]);
    ran.failed(4, "the stream is not what the log says");
    assert!(ran.out.contains("TIDEMARK_EVENTS does not exist"), "{ran:?}");

    relayed(&database, &nats).await;
    let report = check(&database, &nats, &["--json"]).json();
    assert_eq!((&report["sound"], &report["compared"], &report["lag"]), (&true.into(), &2.into(), &0.into()));
    assert!(check(&database, &nats, &[]).done().contains("TIDEMARK_EVENTS: sound"));

    database.execute("update log.events set payload = '{\"type\":\"TenantCreated\"}' where position = 1").await;
    let ran = check(&database, &nats, &["--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["sound"], &report["wrongMessages"][0]["sequence"]), (4, &false.into(), &1.into()));
}

#[tokio::test]
async fn it_says_what_it_lacks() {
    let database = Database::migrated().await;
    database.admin(&["relay", "check"]).failed(2, "`nats_url` is not set");
    let nats = [("TIDEMARK_NATS_URL", "nats://127.0.0.1:1"), ("TIDEMARK_SECRET", "")];
    database.admin_with(&nats, &["relay", "check"]).failed(2, "`secret` is not set");
    database.admin_with(&nats[..1], &["relay", "check"]).failed(1, "cannot connect to NATS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_is_made_anew_while_a_relay_runs_elsewhere() {
    let database = Database::with_acme().await;
    let nats = Nats::start().await;
    let variables = [("TIDEMARK_NATS_URL", nats.url.as_str())];
    let shutdown = CancellationToken::new();
    let workers =
        tokio::spawn(tidemark_workers::run(Settings::for_tests(&database.url, nats.url.clone()), shutdown.clone()));
    let context = async_nats::jetstream::new(async_nats::connect(&nats.url).await.unwrap());
    let came_to = async |head: u64| {
        let coming = async {
            let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
            loop {
                let stream = context.get_stream(tidemark_engine::relay::STREAM).await;
                if stream.is_ok_and(|stream| stream.cached_info().state.last_sequence == head) {
                    return;
                }
                ticks.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, coming).await.expect("the relay did not come so far");
    };
    came_to(2).await;
    let stream = context.get_stream(tidemark_engine::relay::STREAM).await.unwrap();
    let durable =
        async_nats::jetstream::consumer::pull::Config { durable_name: Some("shop".into()), ..Default::default() };
    stream.create_consumer(durable).await.unwrap();

    database.admin_with(&variables, &["relay", "rebuild"]).failed(2, "give `--yes` where nobody can be asked");
    assert!(stream.get_info().await.is_ok_and(|info| info.created == stream.cached_info().created));
    let remade = database.admin_with(&variables, &["relay", "rebuild", "--yes", "--json"]).json();
    assert_eq!(
        (&remade["first"], &remade["last"], &remade["lostConsumers"][0]),
        (&1.into(), &2.into(), &"shop".into())
    );
    assert!(stream.get_info().await.is_ok_and(|info| info.created != stream.cached_info().created));
    assert!(check(&database, &nats, &[]).done().contains("TIDEMARK_EVENTS: sound"));

    // The relay that has stood by takes the lead again.
    database.admin(&["tenants", "suspend", "acme"]).done();
    came_to(3).await;
    assert!(check(&database, &nats, &[]).done().contains("TIDEMARK_EVENTS: sound"));
    shutdown.cancel();
    workers.await.unwrap().unwrap();
}
