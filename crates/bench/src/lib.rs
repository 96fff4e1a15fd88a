//! Measures Tidemark beside its yardsticks: `cargo dev bench append|http|lag|rebuild`.
//!
//! Invariants:
//! - A figure and its yardstick are measured in one run on one Postgres, in turns; the best round of each counts.
//! - A yardstick is set up as its own documentation advises, and its code is here to be read.
//! - Each bench makes databases of its own and drops them. What it finds there already it leaves alone.
//! - A target that is not met is reported, not an error.

mod append;
mod child;
mod database;
mod figure;
mod http;
mod lag;
mod load;
mod memory;
mod rebuild;
mod service;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use futures::future::LocalBoxFuture;

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Bench {
    /// Commands into the log, beside cqrs-es with postgres-es and beside plain inserts.
    Append,
    /// Requests to the API, beside the same work without HTTP; and the API's memory.
    Http,
    /// From the acknowledged append to the visible row, by way of NATS.
    Lag,
    /// A read model made anew from the log, beside cqrs-es with postgres-es.
    Rebuild,
}

/// How to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct BenchArgs {
    /// What to measure
    pub bench: Bench,
    /// Also write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Only see whether everything runs: one short round
    #[arg(long)]
    pub smoke: bool,
    /// Rounds of which the best counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Seconds a case and round
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Seconds for which the snapshot of the append bench is held open; the acceptance figure wants 600
    #[arg(long, value_name = "SECONDS")]
    pub hold: Option<f64>,
    /// Only the cases whose group's name contains this; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Events in the log, where a bench fills one; fewer than its figure wants show the ratios sooner
    #[arg(long, value_parser = clap::value_parser!(u32).range(1000..))]
    pub events: Option<u32>,
    /// Password of the service roles, if they exist already and the server asks for it
    #[arg(long, env = "TIDEMARK_ROLE_PASSWORD", default_value = "tidemark-bench", hide_env_values = true)]
    pub role_password: String,
}

impl BenchArgs {
    fn rounds(&self) -> u32 {
        if self.smoke { 1 } else { self.rounds }
    }

    /// Events to fill a log with.
    fn events(&self, usual: u32, smoke: u32) -> u32 {
        self.events.unwrap_or(if self.smoke { smoke } else { usual })
    }

    fn length(&self) -> Duration {
        Duration::from_secs_f64(if self.smoke { 0.3 } else { self.seconds.max(0.1) })
    }

    fn wants(&self, group: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| group.contains(name.as_str()))
    }
}

/// The servers to measure on.
#[derive(Clone)]
pub struct Stack {
    /// URL of a maintenance database, as its owner: benches make their own databases beside it.
    pub database_url: String,
    /// URL of a NATS with JetStream; the bench `lag` needs it, and its stream free.
    pub nats_url: Option<String>,
    /// URL of a Redis; without one the bench `http` leaves out what needs it.
    pub redis_url: Option<String>,
}

/// Measures and reports. Fails only when it cannot measure.
///
/// # Errors
/// When a server is away or a step of a bench fails.
pub fn run(args: BenchArgs, stack: Stack) -> LocalBoxFuture<'static, anyhow::Result<()>> {
    // Boxed, or it would be compiled once more in each crate that awaits it.
    Box::pin(measure_and_report(args, stack))
}

async fn measure_and_report(args: BenchArgs, stack: Stack) -> anyhow::Result<()> {
    let measured = tokio::select! {
        measured = measure(&args, &stack) => measured,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    database::drop_all(&stack.database_url).await?;
    let figures = measured?;
    figure::print(&figures)?;
    if let Some(file) = &args.json {
        figure::write(&figures, file)?;
    }
    Ok(())
}

async fn measure(args: &BenchArgs, stack: &Stack) -> anyhow::Result<Vec<figure::Figure>> {
    match args.bench {
        Bench::Append => append::run(args, &stack.database_url).await,
        Bench::Rebuild => rebuild::run(args, &stack.database_url).await,
        Bench::Http => http::run(args, &stack.database_url, stack.redis_url.as_deref()).await,
        Bench::Lag => {
            let nats_url = stack.nats_url.as_deref().context("this bench needs NATS")?;
            lag::run(args, &stack.database_url, nats_url).await
        }
    }
}

/// Whether a bench has started this process from its own executable. A `main` that offers [`run`] asks this before it
/// looks at its arguments, and then calls [`child`] instead.
pub fn is_child() -> bool {
    child::is_one()
}

/// The work of a process that a bench has started.
///
/// # Errors
/// When it fails.
pub fn child() -> LocalBoxFuture<'static, anyhow::Result<()>> {
    Box::pin(child::run())
}
