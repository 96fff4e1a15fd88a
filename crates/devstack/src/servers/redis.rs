//! A private Redis where one can be had. Tidemark does without it everywhere, so not having one is no error.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::programs::{on_path, version_in, version_line};
use super::{Server, Setup, packages};
use crate::children::Plan;

/// Finds or installs the server; the error says why the stack goes on without it.
pub fn prepare(setup: &mut Setup<'_>) -> anyhow::Result<Server> {
    setup.progress.say("redis: looking for it");
    let program = match find() {
        Some(program) => program,
        None => install(setup)?,
    };
    let version = version_in(&version_line(&program)?);
    let program = setup.place.runnable(&program)?;
    let port = setup.ports.pick("redis", None)?;
    let directory = setup.place.server_dir("redis")?;
    // A cache: bounded, nothing of it on disk.
    let mut args: Vec<OsString> = ["--bind", "127.0.0.1", "--port"].map(OsString::from).into();
    args.extend([port.to_string().into(), "--dir".into(), directory.into()]);
    args.extend(
        ["--save", "", "--appendonly", "no", "--maxmemory", "128mb", "--maxmemory-policy", "allkeys-lru"]
            .map(OsString::from),
    );
    Ok(Server {
        name: "redis",
        url: format!("redis://127.0.0.1:{port}"),
        origin: format!(
            "Redis {} from {}",
            version.iter().map(u32::to_string).collect::<Vec<_>>().join("."),
            program.display()
        ),
        plan: Some(Plan::server(setup.place, "redis", program, args)),
    })
}

/// Waits until the server answers.
pub async fn wait_until_ready(url: &str, patience: Duration) -> anyhow::Result<()> {
    let address = url.trim_start_matches("redis://");
    let deadline = Instant::now() + patience;
    while let Err(error) = ping(address).await {
        anyhow::ensure!(Instant::now() < deadline, "Redis at {address} does not answer: {error}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    Ok(())
}

async fn ping(address: &str) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut answer = [0_u8; 5];
    tokio::time::timeout(Duration::from_secs(1), stream.read_exact(&mut answer)).await??;
    anyhow::ensure!(&answer == b"+PONG", "something else answers there");
    Ok(())
}

/// The server's program, once [`prepare`] has found or installed it.
pub fn find() -> Option<PathBuf> {
    ["redis-server", "valkey-server"].into_iter().find_map(on_path)
}

fn install(setup: &Setup<'_>) -> anyhow::Result<PathBuf> {
    let hint = packages::hint("redis-server", "redis", "redis");
    let Some(installer) = packages::installer() else {
        anyhow::bail!("it is not on this machine; to have it: {hint}");
    };
    setup.progress.say("redis: installing the distribution's package");
    packages::install(installer, &["redis-server"], &setup.place.log("install"))?;
    find().ok_or_else(|| anyhow::anyhow!("the package redis-server brought no server"))
}
