//! `cargo dev bench`: measures on a private, durable stack, with an optimised build.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::Context;
use tidemark_bench::BenchArgs;
use tidemark_runtime::signal_token;

use crate::cargo;
use crate::place::Place;
use crate::private;
use crate::progress::Progress;
use crate::servers::Durability;

/// Measures; a build without optimisations first builds and becomes one with them. A smoke run shows that the benches
/// work and no figure that counts, so it takes the build there is.
pub async fn run(outer: &Place, args: BenchArgs) -> anyhow::Result<ExitCode> {
    if !cargo::is_release() && !args.smoke {
        return again_optimised(outer);
    }
    let progress = Progress::start();
    let private = private::start(outer, "bench", Durability::Durable, &progress).await?;
    progress.finish();
    let stack = tidemark_bench::Stack {
        database_url: private.stack.database_url.clone(),
        nats_url: Some(private.stack.nats_url.clone()),
        redis_url: private.stack.redis_url.clone(),
    };
    let interrupted = signal_token()?;
    let measured = tokio::select! {
        measured = tidemark_bench::run(args, stack) => measured,
        () = interrupted.cancelled() => Err(anyhow::anyhow!("interrupted")),
    };
    private.end().await?;
    measured.map(|()| ExitCode::SUCCESS)
}

/// Becomes cargo, and that the optimised build: one process to stop, where relative paths mean what they meant.
fn again_optimised(place: &Place) -> anyhow::Result<ExitCode> {
    let mut command = cargo::command(place)?;
    command.current_dir(std::env::current_dir()?);
    command.args(["run", "--quiet", "--release", "--package", "tidemark-devstack", "--bin", "dev"]);
    if let Some(checkout) = &place.checkout {
        command.arg("--manifest-path").arg(checkout.join("Cargo.toml"));
    }
    let error = command.arg("--").args(std::env::args_os().skip(1)).exec();
    Err(error).context("cannot run cargo")
}
