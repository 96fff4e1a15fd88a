//! Where `up` itself logs, and with it all services that run in its process; and `cargo dev logs NAME`.

use std::io::{BufRead, BufReader, Write};
use std::sync::Mutex;

use anyhow::{Context, bail};
use tracing_subscriber::EnvFilter;

use crate::files;
use crate::place::Place;

/// Sends the logs of this process to `logs/up.log`.
pub fn into_file(place: &Place) -> anyhow::Result<()> {
    let filter = std::env::var("TIDEMARK_LOG_FILTER").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(filter).context("TIDEMARK_LOG_FILTER is no tracing filter")?;
    let file = files::open_log(&place.log("up"))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file));
    subscriber.try_init().map_err(|error| anyhow::anyhow!("cannot log: {error}"))
}

/// Prints the log of a process, and goes on printing when `follow`.
pub fn show(place: &Place, name: &str, lines: usize, follow: bool) -> anyhow::Result<()> {
    let own = place.log(name);
    // A service that runs within `up` logs there.
    let log = if own.exists() { own } else { place.log("up") };
    if !log.exists() || name.contains('/') {
        bail!("there is no log of {name} in {}", place.data.join("logs").display());
    }
    let mut out = std::io::stdout().lock();
    let mut reader = BufReader::new(std::fs::File::open(&log)?);
    writeln!(out, "{}", files::tail(&log, lines))?;
    std::io::Seek::seek(&mut reader, std::io::SeekFrom::End(0))?;
    if !follow {
        return Ok(());
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            std::thread::sleep(std::time::Duration::from_millis(200));
        } else {
            write!(out, "{line}")?;
            out.flush()?;
        }
    }
}
