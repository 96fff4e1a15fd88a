//! What is broken, and in which order.

use std::fmt;
use std::time::Duration;

use anyhow::Context;
use async_nats::HeaderMap;
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::load::Load;
use super::stack::BrokenStack;

/// Longer than a lease, so that another process has taken over when a frozen one goes on.
const FROZEN: Duration = Duration::from_secs(7);
/// Long enough for connections to be given up.
const AWAY: Duration = Duration::from_secs(4);
/// What the workers and projections name their connections.
const OURS: &str = "tidemark%";

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// SIGKILL; the stack starts it again.
    Kill(&'static str),
    /// SIGSTOP for longer than a lease, then SIGCONT: it goes on believing what has been untrue for seconds.
    Freeze(&'static str),
    /// An orderly stop, and a start some seconds later.
    Away(&'static str),
    /// NATS comes back with an empty store.
    EmptyNats,
    /// Somebody publishes into the stream.
    Forge,
    /// Postgres ends the connections of our processes, wherever they are in what they do.
    Cut,
}

const ALL: [Fault; 15] = [
    Fault::Kill("api-0"),
    Fault::Kill("api-1"),
    Fault::Kill("projections-0"),
    Fault::Kill("projections-1"),
    Fault::Kill("workers-0"),
    Fault::Kill("workers-1"),
    Fault::Kill("postgres"),
    Fault::Kill("nats"),
    Fault::Freeze("api-0"),
    Fault::Freeze("projections-0"),
    Fault::Freeze("workers-0"),
    Fault::Away("postgres"),
    Fault::EmptyNats,
    Fault::Forge,
    Fault::Cut,
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(name) => write!(f, "kill -9 {name}"),
            Self::Freeze(name) => write!(f, "freeze {name} for {} s", FROZEN.as_secs()),
            Self::Away(name) => write!(f, "stop {name} for {} s", AWAY.as_secs()),
            Self::EmptyNats => write!(f, "stop nats for {} s and empty its store", AWAY.as_secs()),
            Self::Forge => f.write_str("forge a message in the stream"),
            Self::Cut => f.write_str("cut every connection to postgres"),
        }
    }
}

/// An endless sequence of faults: all of them in a random order, then all of them in another.
pub(super) struct Faults {
    random: StdRng,
    waiting: Vec<Fault>,
}

impl Faults {
    /// The sequence of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), waiting: Vec::new() }
    }

    /// What is broken next.
    pub(super) fn next(&mut self) -> Fault {
        if self.waiting.is_empty() {
            self.waiting = ALL.to_vec();
            self.waiting.shuffle(&mut self.random);
        }
        self.waiting.pop().unwrap_or(Fault::Cut)
    }

    /// A while in which the load goes on as it can.
    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.random.random_range(300..2500))).await;
    }

    /// Breaks it, and takes back what would stay broken by itself.
    pub(super) async fn inflict(&mut self, fault: &Fault, stack: &BrokenStack, load: &Load) -> anyhow::Result<()> {
        match fault {
            Fault::Kill(name) => stack.signal(name, Signal::SIGKILL)?,
            Fault::Freeze(name) => {
                stack.signal(name, Signal::SIGSTOP)?;
                tokio::time::sleep(FROZEN).await;
                stack.signal(name, Signal::SIGCONT)?;
            }
            Fault::Away(name) => {
                stack.stop(name).await?;
                tokio::time::sleep(AWAY).await;
                stack.start_again(name).await?;
            }
            Fault::EmptyNats => {
                stack.stop("nats").await?;
                load.writes_and_reads_on("with NATS away").await;
                tokio::time::sleep(AWAY).await;
                crate::files::remove_tree(&stack.nats_store())?;
                stack.start_again("nats").await?;
            }
            Fault::Forge => forge(stack).await?,
            Fault::Cut => cut(stack).await,
        }
        Ok(())
    }
}

/// The stream takes whatever is published under its subjects; nobody of ours may believe it.
async fn forge(stack: &BrokenStack) -> anyhow::Result<()> {
    let Ok(client) = async_nats::connect(&stack.json.nats_url).await else { return Ok(()) };
    let mut headers = HeaderMap::new();
    headers.insert("Tidemark-Position", "1");
    headers.insert("Tidemark-Signature", "bm90IG91cnM=");
    let subject = "tidemark.events.demo.post.PostCreated.00000000-0000-7000-8000-000000000000";
    client.publish_with_headers(subject, headers, r#"{"type":"PostCreated"}"#.into()).await?;
    client.flush().await.context("the forged message")?;
    Ok(())
}

/// Where Postgres is still coming back there is nothing to cut.
async fn cut(stack: &BrokenStack) {
    let ended = sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename like $1 and usename <> current_user",
    )
    .bind(OURS)
    .execute(&stack.owner)
    .await;
    if let Err(error) = ended {
        println!("           (there was nothing to cut: {error})");
    }
}
