//! `up --detach`, `down` and `status`: a stack that goes on without a terminal.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::Signal;

use crate::control::{self, Verb};
use crate::dev_json::{self, DevJson};
use crate::files;
use crate::leftovers::{self, Recorded};
use crate::place::Place;
use crate::servers::compose::Compose;

/// `up` is not among the processes that the next start ends as leftovers: the lock tells whether it runs.
const OWN_RECORD: &str = "dev-process";

/// Everything from a cold start with fetching and installing, to the first post.
const PATIENCE: Duration = Duration::from_secs(300);

/// Writes down which process serves this data directory.
pub fn write_own_record(place: &Place, recorded: Option<Recorded>) -> anyhow::Result<()> {
    recorded.context("this process has no start time")?.write(&place.data, OWN_RECORD)
}

/// Forgets it.
pub fn forget_own_record(place: &Place) {
    leftovers::forget(&place.data, OWN_RECORD);
}

/// Starts `up` in a session of its own and returns when it is ready.
pub fn up(place: &Place, args: impl Iterator<Item = std::ffi::OsString>) -> anyhow::Result<()> {
    if let Some(running) = running(place) {
        bail!("a stack runs in {} already (process {}); see `cargo dev status`", place.data.display(), running.pid);
    }
    files::remove_file(&dev_json::path(&place.data))?;
    let log_path = place.data.join("detached.log");
    files::remove_file(&log_path)?;
    let log = files::open_log(&log_path)?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(args.filter(|arg| arg != "--detach"))
        .arg("--own-session")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start `up`")?;
    let deadline = Instant::now() + PATIENCE;
    while !dev_json::path(&place.data).exists() {
        if let Some(status) = child.try_wait()? {
            bail!("`up` ended ({status}):\n{}", files::tail(&log_path, 30));
        }
        if Instant::now() > deadline {
            bail!("`up` is not ready after {} s; see {}", PATIENCE.as_secs(), log_path.display());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // The greeting is written just after `dev.json`.
    std::thread::sleep(Duration::from_millis(100));
    println!("{}\nIt goes on in the background; `cargo dev down` ends it.", files::tail(&log_path, 60));
    Ok(())
}

/// Ends a stack, whether its `up` still lives or was killed.
pub fn down(place: &Place) -> anyhow::Result<ExitCode> {
    let up = running(place);
    if let Some(up) = &up {
        up.end(Signal::SIGTERM, Duration::from_secs(60));
    }
    let left = leftovers::clean(&place.data.join("run"))?;
    Compose::existing(place).map_or(Ok(()), |compose| compose.stop())?;
    files::remove_file(&dev_json::path(&place.data))?;
    files::remove_file(&place.data.join("control.json"))?;
    forget_own_record(place);
    match (&up, left.as_slice()) {
        (Some(up), _) => println!("ended the stack in {} (process {})", place.data.display(), up.pid),
        (None, []) => println!("nothing runs in {}", place.data.display()),
        (None, left) => println!("ended what a killed `up` had left: {}", left.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells what runs. Not running is exit code 3, as `systemctl status` has it.
pub async fn status(place: &Place) -> anyhow::Result<ExitCode> {
    if running(place).is_none() {
        println!("nothing runs in {}", place.data.display());
        return Ok(ExitCode::from(3));
    }
    let states = control::ask(&place.data, Verb::Status, "").await.context("`up` is still starting, or ending")?;
    match DevJson::read(&place.data) {
        Ok(json) => println!("ready at {}", json.base_url),
        Err(_) => println!("not ready yet"),
    }
    for state in states {
        let pid = state.pid.map_or_else(|| "stopped".to_owned(), |pid| pid.to_string());
        println!("{:<16} {pid:>8}   started again {} times   {}", state.name, state.restarts, state.log.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn running(place: &Place) -> Option<Recorded> {
    Recorded::read(&place.data, OWN_RECORD).filter(Recorded::is_alive)
}
