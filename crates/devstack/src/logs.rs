//! Where `up` itself logs, and with it all services that run in its process; and `cargo dev logs NAME`.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
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
    let log = log_of(place, name)?;
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

/// The log of a process that has one.
fn log_of(place: &Place, name: &str) -> anyhow::Result<PathBuf> {
    let names = names(place);
    if !names.contains(name) {
        let list: Vec<&str> = names.iter().map(String::as_str).collect();
        let list = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        bail!("there is no log of `{name}` in {}; there are: {list}", place.data.join("logs").display());
    }
    let own = place.log(name);
    Ok(if own.exists() { own } else { place.log("up") })
}

/// Those that have written a log, and the services that log in that of `up` because they run within it.
fn names(place: &Place) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = std::fs::read_dir(place.data.join("logs"))
        .map(|entries| entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
        .unwrap_or_default();
    names = names.iter().filter_map(|name| name.strip_suffix(".log").map(str::to_owned)).collect();
    if names.contains("up") {
        names.extend(["api-0", "projections-0", "workers-0"].map(str::to_owned));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_log_is_answered_with_those_that_have_one() {
        let data = tempfile::tempdir().expect("a directory");
        let path = data.path().to_path_buf();
        let place = Place { checkout: None, data: path.clone(), servers: path, unprivileged: None };
        assert!(log_of(&place, "nats").expect_err("nothing ran").to_string().ends_with("there are: none"));
        std::fs::create_dir(data.path().join("logs")).expect("a directory");
        std::fs::write(place.log("up"), "").expect("written");
        std::fs::write(place.log("nats"), "").expect("written");
        assert_eq!(log_of(&place, "nats").expect("a log"), place.log("nats"));
        assert_eq!(log_of(&place, "api-0").expect("a log"), place.log("up"));
        let refused = log_of(&place, "nast").expect_err("a slip of the finger").to_string();
        assert!(refused.ends_with("there are: api-0, nats, projections-0, up, workers-0"), "{refused}");
    }
}
