//! `cargo dev chaos`: breaks a private stack under load and checks what is promised.
//!
//! Writers send commands with idempotency keys to two API processes and repeat each until it has a final answer;
//! meanwhile processes are killed with SIGKILL, frozen, cut off and emptied, and so is an operator's rebuild of the read model,
//! in its swap too. Then everything runs again, and the log is compared with what was acknowledged: nothing is missing,
//! nothing is there twice, the read model is what the commands make it and what a rebuild makes, the stream is the log,
//! and whoever has opened an account has one mail.

mod check;
mod fault;
mod load;
mod mails;
mod rebuilds;
mod stack;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cli::ChaosArgs;
use crate::place::Place;
use crate::progress::Progress;
use fault::Faults;
use load::Load;
use rebuilds::Rebuilds;
use stack::BrokenStack;

/// Breaks, mends and checks. Exit code 1 when a promise was broken.
pub async fn run(outer: &Place, args: &ChaosArgs) -> anyhow::Result<ExitCode> {
    let interrupted = tidemark_runtime::signal_token()?;
    let progress = Progress::start();
    let stack = tokio::select! {
        stack = BrokenStack::start(outer, &progress, args.read_database) => stack?,
        () = interrupted.cancelled() => return Ok(ExitCode::from(130)),
    };
    progress.finish();
    let seed = args.seed.unwrap_or_else(rand::random);
    println!("chaos for {} s, seed {seed} (`--seed {seed}` breaks the same things in the same order)", args.seconds);
    let broken = tokio::select! {
        broken = break_and_check(&stack, seed, Duration::from_secs(args.seconds)) => broken,
        () = interrupted.cancelled() => {
            stack.end().await?;
            return Ok(ExitCode::from(130));
        }
    };
    match broken {
        Ok(violations) if violations.is_empty() => {
            stack.end().await?;
            println!("every promise was kept");
            Ok(ExitCode::SUCCESS)
        }
        Ok(violations) => {
            for violation in violations.iter().take(20) {
                println!("BROKEN  {violation}");
            }
            println!("{} violations; logs and data stay in {}", violations.len(), stack.keep().await?.display());
            Ok(ExitCode::FAILURE)
        }
        Err(error) => {
            println!("logs and data stay in {}", stack.keep().await?.display());
            Err(error)
        }
    }
}

async fn break_and_check(stack: &BrokenStack, seed: u64, length: Duration) -> anyhow::Result<Vec<String>> {
    let load = Load::prepare(stack).await?;
    let stop = CancellationToken::new();
    let begun = Instant::now();
    let running = load.start(seed, &stop);
    let rebuilds = Arc::new(Rebuilds::new(stack)?);
    let (mut rebuilding, enough) = (JoinSet::new(), CancellationToken::new());
    rebuilding.spawn({
        let (rebuilds, enough) = (Arc::clone(&rebuilds), enough.clone());
        async move { rebuilds.run(StdRng::seed_from_u64(seed ^ 3000), &enough).await }
    });
    let mut faults = Faults::new(seed);
    while begun.elapsed() < length {
        let fault = faults.next();
        println!("{:>7.1} s  {fault}", begun.elapsed().as_secs_f64());
        faults.inflict(&fault, stack, &load).await?;
        faults.pause().await;
    }
    enough.cancel();
    while let Some(ended) = rebuilding.join_next().await {
        ended??;
    }
    stack.mend().await?;
    println!("{:>7.1} s  kill -9 postgres in the midst of a rebuild", begun.elapsed().as_secs_f64());
    let has_swapped = rebuilds.survive_a_restart(stack).await?;
    stack.mend().await?;
    if has_swapped {
        rebuilds.verify().await?;
    }
    rebuilds.finish().await?;
    println!("{:>7.1} s  {}", begun.elapsed().as_secs_f64(), rebuilds.counts());
    stop.cancel();
    running.join_all().await;
    let summary = load.summary();
    println!("{:>7.1} s  everything runs again: {summary}", begun.elapsed().as_secs_f64());
    let mut violations = load.violations();
    violations.extend(check::all(stack, &load).await?);
    rebuilds.verify().await?;
    violations.extend(rebuilds.violations());
    if summary.acknowledged == 0 {
        violations.push("not one command was acknowledged".to_owned());
    }
    Ok(violations)
}
