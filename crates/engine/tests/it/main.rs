//! The engine over a real Postgres and a real NATS, in one binary.
#![allow(clippy::unwrap_used)]

mod commands;
mod database;
mod feed;
mod lease;
mod log;
mod measure;
mod personal;
mod policy;
mod projection;
mod reads;
mod relay;
mod silence;
mod snapshots;
mod support;
mod versions;
