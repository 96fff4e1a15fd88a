//! A whole stack of its own, processes apart, that may be broken: `up --split` as a child.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::children::{self, Environment, Plan, Running};
use crate::control::{self, Verb};
use crate::dev_json::DevJson;
use crate::place::Place;
use crate::ports::Ports;
use crate::private::PrivatePlace;
use crate::progress::Progress;
use crate::{cargo, ready, settings, split};

/// How long everything may take to come back once nothing is broken any more.
const PATIENCE: Duration = Duration::from_secs(180);

/// A stack under chaos.
#[derive(Debug)]
pub(super) struct BrokenStack {
    private: PrivatePlace,
    up: Running,
    /// Where the processes are written down that we start beside it.
    run: PathBuf,
    /// The stack as it was when it became ready; process numbers change.
    pub(super) json: DevJson,
    /// The owner of the log, to look at everything there.
    pub(super) owner: PgPool,
    /// The owner of the read models, which may have a database of their own.
    pub(super) read_owner: PgPool,
}

impl BrokenStack {
    /// Starts one, with nothing configured by the user: what is broken here is ours.
    pub(super) async fn start(outer: &Place, progress: &Progress, read_database: bool) -> anyhow::Result<Self> {
        split::build(outer, progress)?;
        cargo::build(outer, &["tidemark-admin"])?;
        let private = PrivatePlace::make(outer, "chaos")?;
        let place = private.place();
        // An address that was picked before is kept, so port 8080 stays with whoever uses it.
        Ports::load(&place.data).pick("api-0", None)?;
        let no_settings = place.data.join("none.toml");
        std::fs::write(&no_settings, "")?;
        let mut args: Vec<std::ffi::OsString> = ["up", "--split", "--no-seed"].map(Into::into).to_vec();
        args.extend(["--api", "2", "--projections", "2", "--workers", "2", "--data-dir"].map(Into::into));
        args.push(place.data.clone().into());
        if read_database {
            args.push("--read-database".into());
        }
        let mut plan = Plan::service(place, "up-under-chaos", std::env::current_exe()?, args);
        plan.environment = Environment::WithoutSettings;
        plan.env = vec![
            ("TIDEMARK_CONFIG".to_owned(), no_settings.into()),
            // Often enough for what is broken to meet some.
            ("TIDEMARK_SNAPSHOT_EVENTS".to_owned(), "5".into()),
        ];
        plan.death_signal = Signal::SIGTERM;
        // `up` ends what it finds written down in its own data directory.
        let run = outer.data.join("run");
        plan.run.clone_from(&run);
        progress.say("starting a stack to break");
        let up = children::spawn(plan).await?;
        let json = ready(&up, place).await?;
        let owner = connect(&json.database_url).await?;
        let read_owner = match &json.read_database_url {
            Some(url) => connect(url).await?,
            None => owner.clone(),
        };
        Ok(Self { private, up, run, json, owner, read_owner })
    }

    /// How to run `admin` beside the stack, as an operator does. What it is asked is to be added.
    pub(super) fn admin(&self, name: &str) -> anyhow::Result<Plan> {
        let place = self.private.place();
        let mut plan = Plan::service(place, name, split::sibling("admin")?, Vec::new());
        plan.environment = Environment::WithoutSettings;
        plan.env = vec![("TIDEMARK_CONFIG".to_owned(), settings::file(place).into())];
        plan.run.clone_from(&self.run);
        Ok(plan)
    }

    /// Process numbers as they are now.
    pub(super) fn pids(&self) -> anyhow::Result<BTreeMap<String, i32>> {
        Ok(DevJson::read(&self.private.place().data)?.pids)
    }

    /// Sends a signal to a process, unless it is down just now.
    pub(super) fn signal(&self, name: &str, signal: Signal) -> anyhow::Result<()> {
        if let Some(pid) = self.pids()?.get(name) {
            let _gone_meanwhile = kill(Pid::from_raw(*pid), signal);
        }
        Ok(())
    }

    /// Stops a process and leaves it stopped.
    pub(super) async fn stop(&self, name: &str) -> anyhow::Result<()> {
        control::ask(&self.private.place().data, Verb::Stop, name).await.map(|_| ())
    }

    /// Starts a stopped process.
    pub(super) async fn start_again(&self, name: &str) -> anyhow::Result<()> {
        control::ask(&self.private.place().data, Verb::Start, name).await.map(|_| ())
    }

    /// Where JetStream keeps its messages.
    pub(super) fn nats_store(&self) -> PathBuf {
        self.private.place().servers.join("nats").join("store")
    }

    /// Waits until every process runs and every API is ready.
    pub(super) async fn mend(&self) -> anyhow::Result<()> {
        let data = &self.private.place().data;
        for state in control::ask(data, Verb::Status, "").await? {
            if state.pid.is_none() {
                self.start_again(&state.name).await?;
            }
        }
        for url in &self.json.base_urls {
            ready::wait(url, PATIENCE, self.private.place()).await?;
        }
        Ok(())
    }

    async fn close(&self) {
        self.owner.close().await;
        self.read_owner.close().await;
    }

    /// Ends it and removes all that it wrote.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        self.close().await;
        self.up.stop(Signal::SIGTERM, Duration::from_secs(60)).await;
        self.private.remove()
    }

    /// Ends it and keeps what it wrote, to be looked at.
    pub(super) async fn keep(self) -> anyhow::Result<PathBuf> {
        self.close().await;
        self.up.stop(Signal::SIGTERM, Duration::from_secs(60)).await;
        Ok(self.private.keep())
    }
}

async fn connect(url: &str) -> sqlx::Result<PgPool> {
    PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(10)).connect(url).await
}

async fn ready(up: &Running, place: &Place) -> anyhow::Result<DevJson> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        up.ensure_alive()?;
        if let Ok(json) = DevJson::read(&place.data) {
            return Ok(json);
        }
        if Instant::now() > deadline {
            bail!("the stack is not ready after {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The number in a position as HTTP has it, `<epoch>.<n>.<check>`.
pub(super) fn place_in(position: &str) -> anyhow::Result<i64> {
    position.split('.').nth(1).and_then(|n| n.parse().ok()).with_context(|| format!("{position:?} is no position"))
}
