//! Work that needs a process of its own. The process is another of the same executable, told by an environment
//! variable what to do; it says a line when it is ready, waits for the word, and may answer with another line.

use std::io::Write;
use std::process::Stdio;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::{append, http, service};

const VARIABLE: &str = "TIDEMARK_BENCH_CHILD";
/// What a pipe holds.
const PIPE: usize = 64 * 1024;

/// All that a process may be started for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    OneStream(append::ChildWork),
    Service(service::Service),
    Bare(http::Bare),
}

/// A process at work.
pub(crate) struct Child {
    process: tokio::process::Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Ends with the process.
    passing_on: JoinHandle<()>,
    greeting: String,
}

impl Child {
    /// Starts a process and waits until it is ready. It dies with this value.
    pub(crate) async fn start(work: Work) -> anyhow::Result<Self> {
        // The argument is one that no command line here accepts: an executable that does not look for the variable
        // ends at once and does not start the bench anew.
        let mut process = Command::new(std::env::current_exe()?)
            .arg("bench-child")
            .env(VARIABLE, serde_json::to_string(&work)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a process of the same executable")?;
        let input = process.stdin.take().context("the process has no input")?;
        let output = process.stdout.take().context("the process has no output")?;
        let errors = process.stderr.take().context("the process has no standard error")?;
        let (output, passing_on) = (BufReader::new(output).lines(), tokio::spawn(pass_on(errors)));
        let mut child = Self { process, input, output, passing_on, greeting: String::new() };
        child.greeting = child.line().await?;
        Ok(child)
    }

    /// What it said when it was ready.
    pub(crate) fn greeting(&self) -> &str {
        &self.greeting
    }

    /// Its number.
    pub(crate) fn id(&self) -> anyhow::Result<u32> {
        self.process.id().context("a process has ended early")
    }

    /// Gives the word.
    pub(crate) async fn go(&mut self) -> anyhow::Result<()> {
        self.input.write_all(b"go\n").await.context("a process has ended early")
    }

    /// Waits for the answer.
    pub(crate) async fn answer(mut self) -> anyhow::Result<String> {
        let answer = self.line().await?;
        self.process.wait().await?;
        self.passing_on.await?;
        Ok(answer)
    }

    /// Gives the word and waits for the end.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.go().await?;
        let status = self.process.wait().await?;
        self.passing_on.await?;
        anyhow::ensure!(status.success(), "a process has ended with {status}");
        Ok(())
    }

    async fn line(&mut self) -> anyhow::Result<String> {
        self.output.next_line().await?.context("a process has ended early")
    }
}

/// Passes on what a process says of itself, but for the lines of its log: logging costs it what it does in production, and
/// nobody here reads them.
async fn pass_on(errors: ChildStderr) {
    let (mut errors, mut line) = (BufReader::with_capacity(PIPE, errors), Vec::new());
    while errors.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
        if !line.starts_with(b"{") {
            eprint!("{}", String::from_utf8_lossy(&line));
        }
        line.clear();
    }
}

/// Says that the process is ready.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}

/// Waits for the word, or for the end of whoever is to give it.
pub(crate) async fn word() -> anyhow::Result<()> {
    BufReader::new(tokio::io::stdin()).lines().next_line().await?;
    Ok(())
}

/// Whether this process was started by [`Child::start`].
pub(crate) fn is_one() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Does what this process was started for.
pub(crate) async fn run() -> anyhow::Result<()> {
    match serde_json::from_str(&std::env::var(VARIABLE)?)? {
        Work::OneStream(work) => append::child(work).await,
        Work::Service(service) => service::serve(service).await,
        Work::Bare(bare) => http::serve_bare(bare).await,
    }
}
