//! `up --detach`, `down` and `status`: a stack that goes on without a terminal.

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::Signal;
use tidemark_runtime::signal_token;

use crate::cli::UpArgs;
use crate::control::{self, Verb};
use crate::dev_json::{self, DevJson};
use crate::files;
use crate::leftovers::{self, Recorded};
use crate::place::Place;
use crate::progress::Progress;
use crate::servers::compose::Compose;
use crate::{greeting, split};

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

/// Starts `up` in a session of its own and returns when it is ready. Whatever else makes this return ends it.
pub async fn up(args: &UpArgs) -> anyhow::Result<ExitCode> {
    let shutdown = signal_token()?;
    let place = Place::at(args.data.data_dir.as_deref())?;
    if let Some(running) = running(&place) {
        bail!("a stack runs in {} already (process {}); see `cargo dev status`", place.data.display(), running.pid);
    }
    if args.split.split {
        // A build takes as long as it takes, so it comes before the clock starts.
        let progress = Progress::start();
        split::build(&place, &progress)?;
        progress.finish();
    }
    files::remove_file(&dev_json::path(&place.data))?;
    let log_path = place.data.join("detached.log");
    files::remove_file(&log_path)?;
    let log = files::open_log(&log_path)?;
    let began = Instant::now();
    let mut child = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1).filter(|arg| arg != "--detach"))
        .arg("--own-session")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start `up`")?;
    let ready = tokio::select! {
        ready = until_ready(&mut child, &place, &log_path, began) => ready,
        () = shutdown.cancelled() => Ok(false),
    };
    if !matches!(ready, Ok(true)) {
        end(&mut child);
    }
    if !ready? {
        return Ok(ExitCode::from(130));
    }
    eprintln!("{}", files::tail(&log_path, 60));
    greeting::print(&DevJson::read(&place.data)?, &[], &place, began.elapsed());
    println!("It goes on in the background; `cargo dev down` ends it and keeps the data.");
    Ok(ExitCode::SUCCESS)
}

/// Waits for `dev.json`, which `up` writes when it serves.
async fn until_ready(child: &mut Child, place: &Place, log: &Path, began: Instant) -> anyhow::Result<bool> {
    while !dev_json::path(&place.data).exists() {
        if let Some(status) = child.try_wait()? {
            bail!("`up` ended ({status}):\n{}", files::tail(log, 30));
        }
        if began.elapsed() > PATIENCE {
            bail!("`up` was not ready after {} s and was ended; see {}", PATIENCE.as_secs(), log.display());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(true)
}

fn end(child: &mut Child) {
    if let Some(recorded) = i32::try_from(child.id()).ok().and_then(Recorded::of) {
        recorded.end(Signal::SIGTERM, Duration::from_secs(60));
    }
    let _already_waited_for = child.wait();
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
pub async fn status(place: &Place, format: Format) -> anyhow::Result<ExitCode> {
    let json = DevJson::read(&place.data).ok();
    let running = running(place).is_some();
    let states = if running {
        control::ask(&place.data, Verb::Status, "").await.context("`up` is still starting, or ending")?
    } else {
        Vec::new()
    };
    match format {
        Format::Json => {
            let base_url = json.filter(|_| running).map(|json| json.base_url);
            let status = serde_json::json!({
                "running": running, "ready": base_url.is_some(), "baseUrl": base_url, "processes": states,
            });
            println!("{status:#}");
        }
        Format::Text if !running => println!("nothing runs in {}", place.data.display()),
        Format::Text => {
            println!(
                "{}",
                json.map_or_else(|| "not ready yet".to_owned(), |json| format!("ready at {}", json.base_url))
            );
            for state in states {
                let pid = state.pid.map_or_else(|| "stopped".to_owned(), |pid| pid.to_string());
                let (name, restarts, log) = (state.name, state.restarts, state.log.display());
                println!("{name:<16} {pid:>8}   started again {restarts} times   {log}");
            }
        }
    }
    Ok(if running { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// For whom an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A person.
    Text,
    /// A program.
    Json,
}

fn running(place: &Place) -> Option<Recorded> {
    Recorded::read(&place.data, OWN_RECORD).filter(Recorded::is_alive)
}
