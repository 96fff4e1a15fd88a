//! `cargo dev test`: the whole suite on a stack of its own.

use std::ffi::OsString;
use std::process::ExitCode;

use tidemark_runtime::signal_token;

use crate::cargo;
use crate::helpers;
use crate::place::Place;
use crate::private;
use crate::progress::Progress;
use crate::servers::{self, Durability};

/// Runs `cargo test --workspace` with these arguments; the exit code is cargo's.
pub async fn run(place: &Place, args: &[OsString]) -> anyhow::Result<ExitCode> {
    let shutdown = signal_token()?;
    let progress = Progress::start();
    // Nothing of this data is ever needed again, so it need not reach the disk.
    let private = private::start(place, "test", Durability::Disposable, &progress).await?;
    let helpers = helpers::provide(place, &progress);
    progress.finish();

    let mut command = tokio::process::Command::from(cargo::command(place)?);
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
    let status = command.kill_on_drop(true).spawn()?.wait().await;
    let interrupted = shutdown.is_cancelled();
    private.end().await?;
    helpers.report();

    let code = u8::try_from(status?.code().unwrap_or(1)).unwrap_or(1);
    if code == 0 && helpers.must_fail() {
        eprintln!("CI=true allows no test to be skipped for want of a helper");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::from(if interrupted && code == 0 { 130 } else { code }))
}
