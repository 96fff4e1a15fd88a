//! The engine under Tidemark: one log in Postgres with group commit, the feed that reads it, the relay that fans it
//! out over NATS JetStream, the runner that folds it into read models, and the policies that react to it with effects.
//!
//! Invariants:
//! - Acknowledged means durable: a commit is reported only after Postgres has synced it.
//! - Positions are contiguous and in commit order; a reader needs only `position > checkpoint`.
//! - Postgres alone is the truth. What NATS says is checked, and read from the log where it does not fit.
//! - An effect on the outside starts from a row that was written with the checkpoint of the policy that wants it.
//! - There is no business word here, and no workspace crate is used.

pub mod broker;
pub mod commands;
pub mod database;
pub mod deletion;
pub mod effects;
pub mod epoch;
pub mod event;
pub mod feed;
mod heads;
pub mod lease;
pub mod log;
pub mod message;
pub mod personal;
pub mod policy;
pub mod position;
pub mod projection;
pub mod reads;
pub mod relay;
mod schema;
pub mod signature;
pub mod signing_keys;
pub mod trace;
pub mod transfer;

pub use schema::{LOG_ROLE, MigrateError, PROJECTION_ROLE, QUERY_ROLE, ROLES, WORK_ROLE, migrate, set_role_password};
