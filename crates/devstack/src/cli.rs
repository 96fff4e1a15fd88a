//! The command line of `cargo dev`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::control::{self, Verb};
use crate::exec::{self, ExecArgs};
use crate::place::Place;
use crate::{admin, bench, chaos, detach, logs, test_run, up};

/// Tidemark's local stack: Postgres, NATS and Redis found or fetched, and everything served from one command.
#[derive(Debug, Parser)]
#[command(name = "cargo dev", bin_name = "cargo dev", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything, with a demo tenant and some content, and serve until Ctrl-C.
    Up(UpArgs),
    /// End a stack that runs elsewhere (in the background, or in another terminal); its data stays.
    Down(DataArgs),
    /// Tell what runs; exit code 3 when nothing does.
    Status(StatusArgs),
    /// Stop one process and leave it stopped: nats, postgres, redis; with `up --split` also api-0, workers-0, ...
    Stop(NameArgs),
    /// Start a stopped process.
    Start(NameArgs),
    /// Stop and start a process.
    Restart(NameArgs),
    /// Print the log of a process.
    Logs(LogsArgs),
    /// Run the whole test suite on a stack of its own; arguments go to `cargo test`.
    Test(TestArgs),
    /// Measure on a private stack, with an optimised build: append, http or lag.
    Bench(BenchOnStack),
    /// Break things under load on a private stack, and check that nothing acknowledged is lost.
    Chaos(ChaosArgs),
    /// Run the admin binary with the settings of the stack.
    Admin(AdminArgs),
    #[command(name = "__exec", hide = true)]
    Exec(ExecArgs),
}

/// Where the stack keeps its data.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// The data directory [default: .tidemark in the checkout].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Arguments of `up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    /// Where the stack keeps its data.
    #[command(flatten)]
    pub data: DataArgs,
    /// Port of the (first) API [default: 8080, or a free one].
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Forget the data of earlier starts.
    #[arg(long)]
    pub fresh: bool,
    /// Write no posts into the demo tenant.
    #[arg(long)]
    pub no_seed: bool,
    /// Return when it is ready and go on in the background.
    #[arg(long)]
    pub detach: bool,
    /// Keep the read models in a second database of the same server.
    #[arg(long)]
    pub read_database: bool,
    /// Keep all rate limits as in production. Without it all but that of one account from one address are raised.
    #[arg(long)]
    pub production_limits: bool,
    /// One process or many.
    #[command(flatten)]
    pub split: SplitArgs,
    #[arg(long, hide = true)]
    pub(crate) own_session: bool,
}

/// How many processes.
#[derive(Debug, Clone, Args)]
pub struct SplitArgs {
    /// Run api, projections and workers as processes of their own, and start again what dies.
    #[arg(long)]
    pub split: bool,
    /// API processes.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "split", value_parser = clap::value_parser!(u16).range(1..=16))]
    pub api: u16,
    /// Projection processes.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "split", value_parser = clap::value_parser!(u16).range(0..=16))]
    pub projections: u16,
    /// Worker processes.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "split", value_parser = clap::value_parser!(u16).range(0..=16))]
    pub workers: u16,
}

#[derive(Debug, Args)]
struct NameArgs {
    /// The process: api-0, projections-1, workers-0, postgres, nats, redis.
    name: String,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, Args)]
struct StatusArgs {
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, Args)]
struct LogsArgs {
    /// The process: up, api-0, projections-1, workers-0, postgres, nats, redis.
    name: String,
    /// How many lines from the end.
    #[arg(long, short = 'n', default_value_t = 200)]
    lines: usize,
    /// Go on printing what is added.
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, Args)]
struct TestArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Arguments for `cargo test`; with --package they replace --workspace.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

#[derive(Debug, Args)]
struct BenchOnStack {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    args: tidemark_bench::BenchArgs,
}

/// Arguments of `chaos`.
#[derive(Debug, Args)]
pub struct ChaosArgs {
    /// How long things are broken; the checks come after that.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub seconds: u64,
    /// Break the same things in the same order as a run before.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Keep the read models in a second database of the same server.
    #[arg(long)]
    pub read_database: bool,
    /// Where the stack keeps its data.
    #[command(flatten)]
    pub data: DataArgs,
}

#[derive(Debug, Args)]
struct AdminArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Arguments for admin.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let outcome = if tidemark_bench::is_child() {
        // A bench has started this program a second time, to measure over two processes.
        runtime().and_then(|runtime| runtime.block_on(tidemark_bench::child())).map(|()| ExitCode::SUCCESS)
    } else {
        match Cli::parse().command {
            // Before there is any thread: it changes the user and becomes another program.
            Command::Exec(args) => exec::become_program(&args).map(|()| ExitCode::SUCCESS),
            command => run(command),
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Down(data) => detach::down(&found(&data)?),
        Command::Logs(args) => {
            logs::show(&found(&args.data)?, &args.name, args.lines, args.follow).map(|()| ExitCode::SUCCESS)
        }
        Command::Admin(args) => admin::run(&found(&args.data)?, &args.args).map(|()| ExitCode::SUCCESS),
        other => {
            if let Command::Up(UpArgs { own_session: true, .. }) = other {
                nix::unistd::setsid()?;
            }
            let runtime = runtime()?;
            let outcome = runtime.block_on(run_async(other));
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            outcome
        }
    }
}

async fn run_async(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(args) if args.detach => detach::up(&args).await,
        Command::Up(args) => up::up(&args).await.map(|()| ExitCode::SUCCESS),
        Command::Status(args) => {
            let format = if args.json { detach::Format::Json } else { detach::Format::Text };
            detach::status(&found(&args.data)?, format).await
        }
        Command::Stop(args) => ask(&args, Verb::Stop).await,
        Command::Start(args) => ask(&args, Verb::Start).await,
        Command::Restart(args) => ask(&args, Verb::Restart).await,
        Command::Test(args) => test_run::run(&place(&args.data)?, &args.args).await,
        Command::Bench(args) => bench::run(&place(&args.data)?, args.args).await,
        Command::Chaos(args) => chaos::run(&place(&args.data)?, &args).await,
        Command::Down(_) | Command::Logs(_) | Command::Admin(_) | Command::Exec(_) => Ok(ExitCode::SUCCESS),
    }
}

fn place(data: &DataArgs) -> anyhow::Result<Place> {
    Place::at(data.data_dir.as_deref())
}

/// For commands that look at a stack and must not make one.
fn found(data: &DataArgs) -> anyhow::Result<Place> {
    Place::find(data.data_dir.as_deref())
}

async fn ask(args: &NameArgs, verb: Verb) -> anyhow::Result<ExitCode> {
    let states = control::ask(&found(&args.data)?.data, verb, &args.name).await?;
    if let Some(state) = states.iter().find(|state| state.name == args.name) {
        println!("{}: {}", state.name, state.pid.map_or_else(|| "stopped".to_owned(), |pid| format!("process {pid}")));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
