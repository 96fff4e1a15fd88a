//! The `main` that all services share: command line, settings, logs, metrics, traces, signals, exit code.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Arg, Command, value_parser};
use tokio_util::sync::CancellationToken;

use crate::telemetry::LastLines;
use crate::{Settings, init_service_logs, serve_metrics, signal_token, start_traces};

/// The settings are wrong: nothing was started.
const WRONG_SETTINGS: u8 = 2;

/// How long a blocking call (a password hash) may hold up the end.
const BLOCKING_GRACE: Duration = Duration::from_secs(2);

/// Runs the service `name` until it ends or is asked to. Exit codes: 0 ended as asked, 1 failed, 2 wrong settings.
///
/// It must be called before the process has threads of its own; `TOKIO_WORKER_THREADS` sets the number of workers.
pub fn main_with<F, Fut>(name: &'static str, about: &'static str, run: F) -> ExitCode
where
    F: FnOnce(Settings, CancellationToken) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let config = command(name, about).get_matches().remove_one::<PathBuf>("config");
    let settings = match Settings::load(config.as_deref()) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{name}: {error}");
            return ExitCode::from(WRONG_SETTINGS);
        }
    };
    init_service_logs(&settings);
    let _last = LastLines;
    match start(name, settings, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "{name} failed");
            ExitCode::FAILURE
        }
    }
}

fn start<F, Fut>(name: &'static str, settings: Settings, run: F) -> anyhow::Result<()>
where
    F: FnOnce(Settings, CancellationToken) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    let ended = runtime.block_on(async {
        let shutdown = signal_token()?;
        let metrics = match settings.metrics_listen {
            Some(address) => Some(serve_metrics(address, shutdown.clone()).await?),
            None => None,
        };
        let traces = start_traces(&settings, name)?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), ?settings, "{name} starts");
        let ended = run(settings, shutdown.clone()).await;
        shutdown.cancel();
        if let Some(traces) = traces {
            traces.finish().await;
        }
        if let Some(metrics) = metrics {
            metrics.finished().await?;
        }
        ended
    });
    runtime.shutdown_timeout(BLOCKING_GRACE);
    ended
}

fn command(name: &'static str, about: &'static str) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("The settings file (TOML), instead of the one that TIDEMARK_CONFIG names")
        .long_help(
            "The settings file (TOML), instead of the one that TIDEMARK_CONFIG names.\n\
             Each key `some_key` is also TIDEMARK_SOME_KEY, and TIDEMARK_SOME_KEY_FILE names a file that holds its value.",
        );
    Command::new(name).about(about).version(env!("CARGO_PKG_VERSION")).arg(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command("api", "Serves.").debug_assert();
    }
}
