//! A NATS server of a test's own, which it may kill, empty and start again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{PATIENCE, required};

pub(crate) struct NatsServer {
    binary: String,
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl NatsServer {
    pub(crate) async fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server =
            Self { binary: required("TIDEMARK_TEST_NATS_SERVER"), port, folder: TempDir::new().unwrap(), child: None };
        server.start_again().await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) async fn start_again(&mut self) {
        let config = self.folder.path().join("nats.conf");
        let store = self.store();
        std::fs::write(&config, format!("listen: \"127.0.0.1:{}\"\nmax_payload: 8MB\njetstream {{ store_dir: \"{}\", max_file_store: 100GB }}\n", self.port, store.display())).unwrap();
        let child = Command::new(&self.binary)
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let connecting = async_nats::ConnectOptions::new()
            .retry_on_initial_connect()
            .request_timeout(Some(PATIENCE))
            .connect(self.url());
        let client = connecting.await.unwrap();
        tokio::time::timeout(PATIENCE, client.flush()).await.expect("the private NATS server did not start").unwrap();
        let context = async_nats::jetstream::new(client);
        tokio::time::timeout(PATIENCE, async { while context.query_account().await.is_err() {} })
            .await
            .expect("JetStream did not start");
    }

    /// The store as it is now; the server must be down.
    pub(crate) fn save(&self) -> TempDir {
        assert!(self.child.is_none(), "a running server's store cannot be copied");
        let saved = TempDir::new().unwrap();
        copy(&self.store(), saved.path());
        saved
    }

    /// Puts an empty or an earlier store in place; the server must be down.
    pub(crate) fn replace_store(&self, earlier: Option<&Path>) {
        assert!(self.child.is_none(), "a running server's store cannot be replaced");
        std::fs::remove_dir_all(self.store()).unwrap();
        if let Some(earlier) = earlier {
            copy(earlier, &self.store());
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
