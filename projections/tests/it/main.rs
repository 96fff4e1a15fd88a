//! The read models over a real Postgres, in one binary.
#![allow(clippy::unwrap_used)]

mod database;
mod measure;
mod posts;
mod process;
mod rebuild;
mod tenants;
mod users;
