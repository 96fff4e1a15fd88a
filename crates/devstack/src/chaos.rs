//! `cargo dev chaos`: faults under load, on a stack of its own.

use std::process::ExitCode;

use crate::cli::ChaosArgs;

/// Not written yet: the command says so and fails, so that nobody takes silence for a pass.
pub async fn run(args: &ChaosArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("no faults are written yet (asked for {} s)", args.seconds)
}
