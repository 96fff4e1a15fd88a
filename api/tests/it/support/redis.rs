//! A Redis of a test's own, to be killed.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tokio::net::TcpStream;

use super::eventually;

/// A server that runs, or has been killed.
pub(crate) struct RedisServer {
    program: String,
    port: u16,
    child: Option<Child>,
}

impl RedisServer {
    /// Nothing where there is no such program: then the test skips itself, which `cargo dev test` tells, and refuses in CI.
    pub(crate) async fn start() -> Option<Self> {
        let Ok(program) = std::env::var("TIDEMARK_TEST_REDIS_SERVER") else {
            eprintln!("skipped: TIDEMARK_TEST_REDIS_SERVER names no Redis server");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { program, port, child: None };
        server.run().await;
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it, empty, where it was before.
    pub(crate) async fn run(&mut self) {
        let port = self.port.to_string();
        let child = Command::new(&self.program)
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
        let address = ("127.0.0.1", self.port);
        eventually("Redis listens", async || TcpStream::connect(address).await.is_ok()).await;
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }
}
