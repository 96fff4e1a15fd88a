//! Processes that cannot outlive `dev`.
//!
//! The kernel's death signal belongs to the *thread* that forked, so one thread that lives as long as the process
//! does all forking. What it starts is `dev __exec`, which asks for the signal and then becomes the program: the
//! number that we know is the program's own. Each is also written down for [`crate::leftovers`].

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::{oneshot, watch};

use crate::files;
use crate::leftovers::{self, Recorded};
use crate::place::{Place, Unprivileged};

/// What to run, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The name under which it is logged and written down: `postgres`, `api-0`.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables to set.
    pub env: Vec<(String, OsString)>,
    /// Servers see nothing of our environment but what they need; services and tools see all of it.
    pub environment: Environment,
    /// Whom to run as, when not as ourselves.
    pub user: Option<Unprivileged>,
    /// Where its output goes.
    pub log: PathBuf,
    /// What it gets when `dev` dies.
    pub death_signal: Signal,
    /// Where to write its number down.
    pub run: PathBuf,
}

/// What a process sees of our environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Only `PATH` and `TZ`.
    Clean,
    /// All of it.
    Inherited,
    /// All but the `TIDEMARK_*` variables, so that nothing of the user's own reaches it.
    WithoutSettings,
}

impl Environment {
    fn shows(self, name: &OsStr) -> bool {
        match self {
            Self::Clean => name == "PATH" || name == "TZ",
            Self::Inherited => true,
            Self::WithoutSettings => !name.as_encoded_bytes().starts_with(b"TIDEMARK_"),
        }
    }
}

impl Plan {
    /// A server: clean environment, unprivileged user.
    pub fn server(place: &Place, name: &str, program: PathBuf, args: Vec<OsString>) -> Self {
        Self {
            name: name.to_owned(),
            program,
            args,
            env: Vec::new(),
            environment: Environment::Clean,
            user: place.unprivileged.clone(),
            log: place.log(name),
            death_signal: leftovers::stop_signal(name),
            run: place.data.join("run"),
        }
    }

    /// One of our own processes: our environment, our user. It is safe to be killed, so `dev` dying kills it.
    pub fn service(place: &Place, name: &str, program: PathBuf, args: Vec<OsString>) -> Self {
        Self {
            environment: Environment::Inherited,
            user: None,
            death_signal: Signal::SIGKILL,
            ..Self::server(place, name, program, args)
        }
    }

    fn command(&self) -> anyhow::Result<Command> {
        // The link reaches our own program even when a build has replaced the file meanwhile.
        let own = if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { std::env::current_exe()? };
        let mut command = Command::new(own);
        command.arg("__exec").arg("--parent").arg(std::process::id().to_string());
        command.arg("--death-signal").arg(self.death_signal.as_str());
        if let Some(user) = &self.user {
            command.arg("--uid").arg(user.uid.to_string()).arg("--gid").arg(user.gid.to_string());
        }
        command.arg("--").arg(&self.program).args(&self.args);
        let environment = self.environment;
        command.env_clear().envs(std::env::vars_os().filter(|(name, _)| environment.shows(name)));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        if self.user.is_some() {
            command.current_dir("/");
        }
        let log = files::open_log(&self.log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // A Ctrl-C in the terminal reaches `dev` alone, which then ends its children in order.
        command.process_group(0);
        Ok(command)
    }
}

/// A process that was started.
#[derive(Debug)]
pub struct Running {
    /// Its name.
    pub name: String,
    /// Its number.
    pub pid: i32,
    /// Its log.
    pub log: PathBuf,
    run: PathBuf,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Running {
    /// How it ended, if it has.
    pub fn ended(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// A way to await its end from elsewhere.
    pub fn exit(&self) -> watch::Receiver<Option<ExitStatus>> {
        self.exit.clone()
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        match self.exit.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            Err(_) => ExitStatus::from_raw(0),
        }
    }

    /// Asks it to end with `signal`, and insists after `patience`.
    pub async fn stop(mut self, signal: Signal, patience: Duration) {
        for (signal, patience) in [(signal, patience), (Signal::SIGKILL, Duration::from_secs(10))] {
            if self.ended().is_none() {
                let _gone_meanwhile = kill(Pid::from_raw(self.pid), signal);
            }
            if tokio::time::timeout(patience, self.wait()).await.is_ok() {
                break;
            }
        }
        leftovers::forget(&self.run, &self.name);
    }

    /// Fails with the end of its log when it has ended, which it should not have.
    pub fn ensure_alive(&self) -> anyhow::Result<()> {
        let Some(status) = self.ended() else { return Ok(()) };
        bail!(
            "{} ended at once ({status}); its log {} ends with:\n{}",
            self.name,
            self.log.display(),
            files::tail(&self.log, 12)
        )
    }
}

/// Starts a process that dies with us.
pub async fn spawn(plan: Plan) -> anyhow::Result<Running> {
    let (answer, started) = oneshot::channel();
    spawner().send(Request { plan, answer }).map_err(|_| anyhow::anyhow!("the spawning thread is gone"))?;
    started.await.context("the spawning thread is gone")?
}

/// Runs a process to its end; an end that is not success is an error with the end of its log.
pub async fn run(plan: Plan) -> anyhow::Result<()> {
    let (name, log, run) = (plan.name.clone(), plan.log.clone(), plan.run.clone());
    let status = spawn(plan).await?.wait().await;
    leftovers::forget(&run, &name);
    if !status.success() {
        bail!("{name} failed ({status}); its log {} ends with:\n{}", log.display(), files::tail(&log, 12));
    }
    Ok(())
}

struct Request {
    plan: Plan,
    answer: oneshot::Sender<anyhow::Result<Running>>,
}

/// The one thread that forks. It never ends, so no child sees a death signal before the process itself dies.
fn spawner() -> &'static Sender<Request> {
    static SPAWNER: OnceLock<Sender<Request>> = OnceLock::new();
    SPAWNER.get_or_init(|| {
        let (sender, requests) = channel::<Request>();
        std::thread::spawn(move || {
            for Request { plan, answer } in requests {
                // Nobody waiting any more is no reason to stop: the child is written down.
                let _nobody_waits = answer.send(start(plan));
            }
        });
        sender
    })
}

fn start(plan: Plan) -> anyhow::Result<Running> {
    fs::create_dir_all(&plan.run)?;
    let mut child = plan.command()?.spawn().with_context(|| format!("cannot start {}", plan.name))?;
    let pid = i32::try_from(child.id())?;
    if let Some(recorded) = Recorded::of(pid) {
        recorded.write(&plan.run, &plan.name)?;
    }
    let (ended, exit) = watch::channel(None);
    std::thread::spawn(move || {
        let status = child.wait().unwrap_or_default();
        ended.send_replace(Some(status));
    });
    Ok(Running { name: plan.name, pid, log: plan.log, run: plan.run, exit })
}
