//! The runner: what it writes, when it stops, and who may write at all.

mod checkpoints;
mod leases;
pub(crate) mod notes;
mod rebuild;
mod runner;
mod security;
mod split;
mod stalls;
mod statistics;
