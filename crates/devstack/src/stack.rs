//! The servers of one stack, running: found, started in parallel, awaited, and ended together.

use std::fs::File;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::fcntl::{Flock, FlockArg};

use crate::leftovers;
use crate::place::Place;
use crate::ports::Ports;
use crate::progress::Progress;
use crate::secrets::Secrets;
use crate::servers::compose::Compose;
use crate::servers::{Durability, Server, Setup, nats, packages, postgres, redis};
use crate::settings::Configured;
use crate::supervise::Supervisor;

/// Which servers a stack is to have.
#[derive(Debug, Clone, Copy)]
pub struct Wishes {
    /// Whether its data must survive.
    pub durability: Durability,
    /// Whether servers that the user has configured are used.
    pub configured: bool,
    /// Whether Redis is wanted.
    pub redis: bool,
}

/// The running servers of one stack.
#[derive(Debug)]
pub struct Stack {
    /// Where its things lie.
    pub place: Place,
    /// Its secrets.
    pub secrets: Secrets,
    /// Its ports.
    pub ports: Ports,
    /// The owner's URL of the database.
    pub database_url: String,
    /// NATS.
    pub nats_url: String,
    /// Redis, if it could be had.
    pub redis_url: Option<String>,
    /// Keeps its processes running.
    pub supervisor: Supervisor,
    /// Where each server comes from, in words.
    pub origins: Vec<String>,
    /// Ends the container, if there is one.
    pub end: End,
}

/// What is left to do when all processes have ended.
#[derive(Debug)]
pub struct End {
    compose: Option<Compose>,
    _lock: Flock<File>,
}

impl End {
    /// Stops the container; the lock goes with `self`.
    pub fn finish(self) -> anyhow::Result<()> {
        self.compose.map_or(Ok(()), |compose| compose.stop())
    }
}

/// Makes sure that nobody else uses this data directory, and ends what a killed `dev` has left there.
pub fn take_over(place: &Place) -> anyhow::Result<Flock<File>> {
    let file = File::create(place.data.join("lock"))?;
    let Ok(lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else {
        bail!("a stack runs in {} already; see `cargo dev status`, end it with `cargo dev down`", place.data.display());
    };
    for name in leftovers::clean(&place.data.join("run"))? {
        eprintln!("ended {name}, left behind by an earlier `dev`");
    }
    Ok(lock)
}

/// Starts the servers and waits until they answer.
pub async fn start(
    place: Place,
    configured: &Configured,
    wishes: Wishes,
    lock: Flock<File>,
    progress: &Progress,
) -> anyhow::Result<Stack> {
    if place.servers_moved() {
        let user = place.unprivileged.as_ref().map_or("", |user| user.name.as_str());
        progress.note(&format!(
            "{user} cannot reach {}, so the servers keep their data in {}",
            place.data.display(),
            place.servers.display()
        ));
    }
    packages::remove_leftovers();
    let secrets = Secrets::load_or_make(&place.data)?;
    let mut ports = Ports::load(&place.data);
    let mut setup =
        Setup { place: &place, secrets: &secrets, ports: &mut ports, progress, durability: wishes.durability };
    let of_user = |key| if wishes.configured { configured.text(key) } else { Ok(None) };

    let (postgres, compose) = match of_user("database_url")? {
        Some(url) => (Server::configured("postgres", &url), None),
        None => {
            let prepared = postgres::prepare(&mut setup).await?;
            (prepared.server, prepared.compose)
        }
    };
    let nats = match of_user("nats_url")? {
        Some(url) => Server::configured("nats", &url),
        None => nats::prepare(&mut setup)?,
    };
    let redis = match of_user("redis_url")? {
        Some(url) => Some(Server::configured("redis", &url)),
        None if wishes.redis => optional_redis(&mut setup),
        None => None,
    };

    let mut supervisor = Supervisor::new(place.data.clone());
    if let Some(pid) = compose.as_ref().map(Compose::up).transpose()?.flatten() {
        supervisor.add_guest("postgres", pid);
    }
    let servers: Vec<&Server> = [Some(&postgres), Some(&nats), redis.as_ref()].into_iter().flatten().collect();
    for plan in servers.iter().filter_map(|server| server.plan.clone()) {
        supervisor.add(plan).await?;
    }
    progress.say("waiting for the servers");
    let mut origins = Vec::new();
    let mut redis_url = None;
    for server in &servers {
        match until_ready(&supervisor, server).await {
            Ok(()) => origins.push(format!("{}: {}", server.name, server.origin)),
            Err(error) if server.name == "redis" => {
                progress.note(&format!("without Redis: {error:#}"));
                supervisor.give_up(server.name).await;
                continue;
            }
            Err(error) => {
                supervisor.stop_all().await;
                return Err(error);
            }
        }
        if server.name == "redis" {
            redis_url = Some(server.url.clone());
        }
    }
    Ok(Stack {
        database_url: postgres.url.clone(),
        nats_url: nats.url.clone(),
        redis_url,
        place,
        secrets,
        ports,
        supervisor,
        origins,
        end: End { compose, _lock: lock },
    })
}

fn optional_redis(setup: &mut Setup<'_>) -> Option<Server> {
    match redis::prepare(setup) {
        Ok(server) => Some(server),
        Err(error) => {
            setup.progress.note(&format!("without Redis: {error:#}"));
            None
        }
    }
}

/// Waits for a server, or for its death, whichever comes first.
async fn until_ready(supervisor: &Supervisor, server: &Server) -> anyhow::Result<()> {
    let ours = server.plan.is_some();
    let patience = Duration::from_secs(if ours { 60 } else { 15 });
    let ready = async {
        match server.name {
            "postgres" if ours => postgres::wait_until_ready(&server.url, patience).await.map_err(with_advice),
            "postgres" => postgres::wait_until_ready(&server.url, patience).await,
            "nats" => nats::wait_until_ready(&server.url, patience).await,
            _ if ours => redis::wait_until_ready(&server.url, patience).await,
            _ => Ok(()),
        }
    };
    let death = async {
        loop {
            supervisor.ensure_alive(server.name)?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        ready = ready => ready.with_context(|| format!("{} ({})", server.name, server.origin)),
        death = death => death,
    }
}

/// The data of our own Postgres outlives the secrets when the data directory was removed by hand and the servers' was not.
fn with_advice(error: anyhow::Error) -> anyhow::Error {
    if !postgres::is_wrong_password(&error) {
        return error;
    }
    error.context(
        "its data belongs to other secrets than those of this data directory; `cargo dev up --fresh` makes it anew",
    )
}
