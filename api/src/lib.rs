//! The HTTP side: commands go to the write side, queries to the read models, and both speak the contract.
//!
//! Invariants:
//! - No rule is decided here beyond who may ask; aggregates decide, extractors parse, `problem.rs` says no.
//! - Whatever fails is answered as a problem, and nothing internal is in it.
//! - A client that hangs up never stops a command half-way: what is left of it becomes a task that nobody drops.
//! - This process keeps nothing that another one could not know: caches and directories follow the feed.

mod access;
pub mod admission;
pub mod arrival;
pub mod body;
pub mod cache;
pub mod caller;
pub mod client;
pub mod command;
mod compression;
mod connection;
pub mod content;
mod cookies;
pub mod edge;
pub mod exchange;
pub mod fields;
pub mod health;
pub mod identity;
mod keys;
pub mod limits;
mod link;
pub mod openapi;
pub mod origins;
pub mod problem;
pub mod query;
mod revocations;
mod server;
pub mod service_tokens;
mod shares;
mod startup;
mod state;
pub mod tenancy;
pub mod tenants;
pub mod terms;
mod tls;
pub mod tokens;
mod traces;
mod unreadable;
mod unstoppable;

pub use server::{Running, run, serve_bare, start, start_on_stream};
pub use state::{App, AppState};
