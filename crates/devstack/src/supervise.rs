//! Keeps the processes of a stack running: starts again what dies, stops what it is told to, and writes the
//! numbers down in `dev.json` before it answers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::children::{self, Plan, Running};
use crate::dev_json::DevJson;
use crate::leftovers;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Whoever ran this long gets the first pause again.
const HEALTHY_AFTER: Duration = Duration::from_secs(20);

/// What `cargo dev stop|start|restart|status` ask of a running `up`.
#[derive(Debug)]
pub enum Request {
    /// Stops a process and leaves it stopped.
    Stop(String),
    /// Starts a stopped process.
    Start(String),
    /// Stops and starts.
    Restart(String),
    /// Tells about all.
    Status,
    /// From now on, keep this in `dev.json`.
    Publish(Box<DevJson>),
}

/// One line of `cargo dev status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct State {
    /// The process' name.
    pub name: String,
    /// Its number while it runs.
    pub pid: Option<i32>,
    /// How often it was started again after it had died.
    pub restarts: u32,
    /// Its log.
    pub log: PathBuf,
}

/// A request and where to answer.
pub type Asked = (Request, oneshot::Sender<anyhow::Result<Vec<State>>>);

/// The processes of one stack.
#[derive(Debug)]
pub struct Supervisor {
    data: PathBuf,
    members: BTreeMap<String, Member>,
    ends: JoinSet<(String, i32)>,
    /// Processes that run within another one, or in a container: known by number only.
    guests: BTreeMap<String, i32>,
    published: Option<DevJson>,
}

#[derive(Debug)]
enum Happening {
    Ended(String, i32),
    Asked(Asked),
    Due,
}

#[derive(Debug)]
struct Member {
    plan: Plan,
    running: Option<Running>,
    wanted: bool,
    restarts: u32,
    since: Instant,
    pause: Duration,
    due: Option<Instant>,
}

impl Supervisor {
    /// Of a stack in this data directory.
    pub fn new(data: PathBuf) -> Self {
        Self { data, members: BTreeMap::new(), ends: JoinSet::new(), guests: BTreeMap::new(), published: None }
    }

    /// Starts a process and keeps it running from now on.
    pub async fn add(&mut self, plan: Plan) -> anyhow::Result<()> {
        let name = plan.name.clone();
        let member = Member {
            plan,
            running: None,
            wanted: true,
            restarts: 0,
            since: Instant::now(),
            pause: FIRST_PAUSE,
            due: None,
        };
        self.members.insert(name.clone(), member);
        self.start(&name).await
    }

    /// Names a process that is not ours to start: ourselves, or one in a container.
    pub fn add_guest(&mut self, name: &str, pid: i32) {
        self.guests.insert(name.to_owned(), pid);
    }

    /// Ends a process and forgets it.
    pub async fn give_up(&mut self, name: &str) {
        if let Some(running) = self.members.remove(name).and_then(|member| member.running) {
            running.stop(leftovers::stop_signal(name), Duration::from_secs(5)).await;
        }
    }

    /// Fails when a process has ended, with the end of its log.
    pub fn ensure_alive(&self, name: &str) -> anyhow::Result<()> {
        self.members.get(name).and_then(|member| member.running.as_ref()).map_or(Ok(()), Running::ensure_alive)
    }

    /// Process numbers by name.
    pub fn pids(&self) -> BTreeMap<String, i32> {
        let running =
            self.members.iter().filter_map(|(name, member)| Some((name.clone(), member.running.as_ref()?.pid)));
        self.guests.clone().into_iter().chain(running).collect()
    }

    /// Watches until `shutdown`; what has begun to be done is done to its end.
    pub async fn run(mut self, mut requests: mpsc::Receiver<Asked>, shutdown: CancellationToken) -> Self {
        loop {
            let happening = tokio::select! {
                () = shutdown.cancelled() => return self,
                happening = self.next(&mut requests) => happening,
            };
            self.handle(happening).await;
        }
    }

    async fn next(&mut self, requests: &mut mpsc::Receiver<Asked>) -> Happening {
        let due = self.members.values().filter_map(|member| member.due).min();
        tokio::select! {
            Some(Ok((name, pid))) = self.ends.join_next() => Happening::Ended(name, pid),
            Some(asked) = requests.recv() => Happening::Asked(asked),
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Happening::Due,
            else => std::future::pending().await,
        }
    }

    async fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Ended(name, pid) => self.ended(&name, pid),
            Happening::Asked((request, answer)) => {
                // Whoever asked may have hung up; what was asked is done all the same.
                let _hung_up = answer.send(self.obey(request).await);
            }
            Happening::Due => self.start_due().await,
        }
    }

    /// Ends all: services first, servers after those that use them, Postgres last.
    pub async fn stop_all(mut self) {
        for group in [is_service as fn(&str) -> bool, |name| matches!(name, "nats" | "redis"), |_| true] {
            let names: Vec<String> = self.members.keys().filter(|name| group(name)).cloned().collect();
            let mut ending = JoinSet::new();
            for running in names.iter().filter_map(|name| self.members.remove(name)?.running) {
                let signal = leftovers::stop_signal(&running.name);
                ending.spawn(running.stop(signal, patience_with(&names)));
            }
            ending.join_all().await;
        }
    }

    async fn start(&mut self, name: &str) -> anyhow::Result<()> {
        let member = self.members.get_mut(name).with_context(|| format!("there is no process {name}"))?;
        if member.running.is_some() {
            return Ok(());
        }
        member.wanted = true;
        member.due = None;
        member.since = Instant::now();
        let running = children::spawn(member.plan.clone()).await?;
        let (mut exit, name, pid) = (running.exit(), name.to_owned(), running.pid);
        member.running = Some(running);
        self.ends.spawn(async move {
            // A closed channel means that the process was waited for and is gone.
            let _gone = exit.wait_for(Option::is_some).await;
            (name, pid)
        });
        self.publish()
    }

    async fn stop(&mut self, name: &str) -> anyhow::Result<()> {
        let member = self.members.get_mut(name).with_context(|| format!("there is no process {name}"))?;
        member.wanted = false;
        member.due = None;
        if let Some(running) = member.running.take() {
            running.stop(leftovers::stop_signal(name), Duration::from_secs(20)).await;
        }
        self.publish()
    }

    fn ended(&mut self, name: &str, pid: i32) {
        let Some(member) = self.members.get_mut(name) else { return };
        if member.running.as_ref().is_none_or(|running| running.pid != pid) {
            return;
        }
        let how = member.running.take().and_then(|running| running.ended());
        tracing::warn!(name, pid, status = how.map(|status| status.to_string()), "a process ended by itself");
        if member.since.elapsed() > HEALTHY_AFTER {
            member.pause = FIRST_PAUSE;
        }
        member.due = member.wanted.then(|| Instant::now() + member.pause);
        member.pause = (member.pause * 2).min(LONGEST_PAUSE);
        if let Err(error) = self.publish() {
            tracing::error!(error = format!("{error:#}"), "cannot write dev.json");
        }
    }

    async fn start_due(&mut self) {
        let now = Instant::now();
        let due: Vec<String> = self
            .members
            .iter()
            .filter(|(_, member)| member.due.is_some_and(|due| due <= now))
            .map(|(name, _)| name.clone())
            .collect();
        for name in due {
            if let Some(member) = self.members.get_mut(&name) {
                member.restarts += 1;
            }
            match self.start(&name).await {
                Ok(()) => tracing::info!(name, "started again"),
                Err(error) => self.try_later(&name, &error),
            }
        }
    }

    fn try_later(&mut self, name: &str, error: &anyhow::Error) {
        tracing::error!(name, error = format!("{error:#}"), "cannot start it again");
        if let Some(member) = self.members.get_mut(name).filter(|member| member.running.is_none()) {
            member.due = Some(Instant::now() + member.pause);
            member.pause = (member.pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn obey(&mut self, request: Request) -> anyhow::Result<Vec<State>> {
        match request {
            Request::Stop(name) => {
                self.ensure_ours(&name)?;
                self.stop(&name).await?;
            }
            Request::Start(name) => {
                self.ensure_ours(&name)?;
                self.start(&name).await?;
            }
            Request::Restart(name) => {
                self.ensure_ours(&name)?;
                self.stop(&name).await?;
                self.start(&name).await?;
            }
            Request::Status => {}
            Request::Publish(json) => {
                self.published = Some(*json);
                self.publish()?;
            }
        }
        Ok(self.states())
    }

    fn ensure_ours(&self, name: &str) -> anyhow::Result<()> {
        if self.members.contains_key(name) {
            return Ok(());
        }
        let names = self.members.keys().cloned().collect::<Vec<_>>().join(", ");
        if self.guests.contains_key(name) {
            bail!(
                "{name} does not run as a process of its own that we started (`up --split` gives services their own); there are: {names}"
            );
        }
        bail!("there is no process {name}; there are: {names}");
    }

    fn states(&self) -> Vec<State> {
        let guests = self.guests.iter().map(|(name, pid)| {
            let log = self.data.join("logs").join("up.log");
            State { name: name.clone(), pid: Some(*pid), restarts: 0, log }
        });
        let members = self.members.iter().map(|(name, member)| State {
            name: name.clone(),
            pid: member.running.as_ref().map(|running| running.pid),
            restarts: member.restarts,
            log: member.plan.log.clone(),
        });
        guests.chain(members).collect()
    }

    fn publish(&mut self) -> anyhow::Result<()> {
        let pids = self.pids();
        let Some(json) = &mut self.published else { return Ok(()) };
        json.pids = pids;
        json.write(&self.data)
    }
}

fn is_service(name: &str) -> bool {
    ["api-", "projections-", "workers-"].iter().any(|prefix| name.starts_with(prefix))
}

/// Services may have requests to finish; a clean end of Postgres writes a checkpoint.
fn patience_with(names: &[String]) -> Duration {
    if names.iter().any(|name| is_service(name) || name == "postgres") {
        Duration::from_secs(30)
    } else {
        Duration::from_secs(5)
    }
}
