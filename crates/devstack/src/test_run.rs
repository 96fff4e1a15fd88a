//! `cargo dev test`: the whole suite on a stack of its own.

use std::ffi::OsString;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tidemark_runtime::signal_token;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::cargo;
use crate::helpers;
use crate::place::Place;
use crate::private;
use crate::progress::Progress;
use crate::servers::{self, Durability};

/// How long cargo and the tests may take to end when they are asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs `cargo test --workspace` with these arguments; the exit code is cargo's.
pub async fn run(place: &Place, args: &[OsString]) -> anyhow::Result<ExitCode> {
    let shutdown = signal_token()?;
    let progress = Progress::start();
    // Nothing of this data is ever needed again, so it need not reach the disk.
    let private = private::start(place, "test", Durability::Disposable, &progress).await?;
    let mut helpers = helpers::provide(place, &progress);
    helpers.offer("TIDEMARK_TEST_REDIS_SERVER", servers::redis::find(), "a Redis server of their own");
    progress.finish();

    let mut command = Command::from(cargo::command(place)?);
    command.arg("test");
    if !args.iter().any(|arg| arg == "--package" || arg == "-p" || arg.to_string_lossy().starts_with("--package=")) {
        command.arg("--workspace");
    }
    command.args(args);
    command.env("TIDEMARK_TEST_DATABASE_URL", &private.stack.database_url);
    command.env("TIDEMARK_TEST_NATS_URL", &private.stack.nats_url);
    if let Some(program) = servers::nats::program(place) {
        command.env("TIDEMARK_TEST_NATS_SERVER", program);
    }
    if let Some(url) = &private.stack.redis_url {
        command.env("TIDEMARK_TEST_REDIS_URL", url);
    }
    command.envs(helpers.variables());
    let status = until_the_end(command, &shutdown).await;
    private.end().await?;
    helpers.report();

    let Some(status) = status? else { return Ok(ExitCode::from(130)) };
    let code = u8::try_from(status.code().unwrap_or(1)).unwrap_or(1);
    if code == 0 && helpers.must_fail() {
        eprintln!("CI=true allows no test to be skipped for want of a helper");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::from(code))
}

/// How the command ended by itself; nothing when it had to be ended. It is a process group of its own, because cargo
/// alone would leave its tests behind, and because Ctrl-C should reach it in one way only.
async fn until_the_end(mut command: Command, shutdown: &CancellationToken) -> anyhow::Result<Option<ExitStatus>> {
    let mut child = command.process_group(0).kill_on_drop(true).spawn().context("cannot run cargo")?;
    let group = Pid::from_raw(i32::try_from(child.id().context("cargo ended at once")?)?);
    tokio::select! {
        status = child.wait() => return Ok(Some(status?)),
        () = shutdown.cancelled() => {}
    }
    eprintln!("ending the tests");
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let _gone_meanwhile = killpg(group, signal);
        if tokio::time::timeout(PATIENCE, child.wait()).await.is_ok() {
            // Cargo may be gone before the tests that it has started.
            let _gone_meanwhile = killpg(group, Signal::SIGKILL);
            break;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_interrupted_run_ends_all_that_it_started() {
        let directory = tempfile::tempdir().expect("a directory");
        let written = directory.path().join("pid");
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $! > new; mv new pid; wait"]).current_dir(directory.path());
        let shutdown = CancellationToken::new();
        let interrupt = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            while !written.exists() {
                ticks.tick().await;
            }
            shutdown.cancel();
        };
        let (status, ()) = tokio::join!(until_the_end(command, &shutdown), interrupt);
        assert!(status.expect("ended").is_none());
        let pid = std::fs::read_to_string(&written).expect("a number").trim().parse().expect("a number");
        let left = crate::leftovers::Recorded::of(pid);
        assert!(left.is_none_or(|left| left.gone_within(PATIENCE)), "the grandchild was ended as well");
    }
}
