//! The servers that Tidemark stands on: where each comes from, how it is started, and how it ends.

pub mod compose;
pub mod nats;
pub mod packages;
pub mod pip;
pub mod postgres;
pub mod programs;
pub mod redis;
pub mod wheel;

use std::path::PathBuf;

use crate::children::Plan;
use crate::place::Place;
use crate::ports::Ports;
use crate::progress::Progress;
use crate::secrets::Secrets;

/// Where a server's program was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A server that somebody else runs; never started, stopped or changed by us.
    Configured(String),
    /// A program on this machine.
    Program(PathBuf),
    /// A container of Docker Compose.
    Compose,
}

/// A server as the stack uses it.
#[derive(Debug, Clone)]
pub struct Server {
    /// `postgres`, `nats` or `redis`.
    pub name: &'static str,
    /// Its address, with credentials.
    pub url: String,
    /// In words, for the user: `PostgreSQL 15 (/usr/lib/postgresql/15/bin)`.
    pub origin: String,
    /// How to run it, when it is ours to run.
    pub plan: Option<Plan>,
}

impl Server {
    /// A server that somebody else runs.
    pub fn configured(name: &'static str, url: &str) -> Self {
        Self { name, url: url.to_owned(), origin: "as configured".to_owned(), plan: None }
    }
}

/// What a server needs to know to be set up.
#[derive(Debug)]
pub struct Setup<'a> {
    /// Where things lie.
    pub place: &'a Place,
    /// Secrets of this stack.
    pub secrets: &'a Secrets,
    /// Free ports.
    pub ports: &'a mut Ports,
    /// Whom to tell what is being done.
    pub progress: &'a Progress,
    /// Whether this stack's data may be lost with the power (tests only).
    pub durability: Durability,
}

/// Whether a commit survives the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production: every commit is synced.
    Durable,
    /// For the one stack of a test run, which is thrown away after it.
    Disposable,
}
