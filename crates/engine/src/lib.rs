//! The engine under Tidemark: one log in Postgres with group commit, the feed that reads it, the relay that fans it
//! out over NATS JetStream, and the runner that folds it into read models.
//!
//! Invariants:
//! - Acknowledged means durable: a commit is reported only after Postgres has synced it.
//! - Positions are contiguous and in commit order; a reader needs only `position > checkpoint`.
//! - Postgres alone is the truth. What NATS says is checked, and read from the log where it does not fit.
//! - There is no business word here, and no workspace crate is used.

pub mod broker;
pub mod commands;
pub mod database;
pub mod event;
pub mod feed;
mod heads;
pub mod lease;
pub mod log;
pub mod message;
pub mod position;
pub mod projection;
pub mod reads;
pub mod relay;
mod schema;
pub mod signature;

pub use schema::{LOG_ROLE, MigrateError, PROJECTION_ROLE, QUERY_ROLE, migrate, set_role_password};
