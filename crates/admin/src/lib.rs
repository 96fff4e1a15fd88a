//! What an operator may do: migrate, make tenants and people, look at projections, policies, log and stream, check the whole.
//!
//! The binary `admin` prints what these functions give; the development stack calls them in its own process.
//!
//! Invariants:
//! - Every change goes through the commands of the modules, with the actor `system:admin`. No row of the log is written here;
//!   the import of a tenant and its deletion are the engine's.
//! - What the ledger of effects is told (retry, drop) is told through the engine, and a drop says who and why.
//! - A password is hashed and forgotten: it is in no output, no error and no log line.
//! - Only [`migrate()`], rebuilds and verifications of read models, the rotation of [`keys`], imports, deletions of tenants, raising the epoch and one check of [`doctor`]
//!   need the owner of the database; everything else connects as the service role that suffices.

mod cli;
mod connect;
mod deletion;
pub mod doctor;
mod effects;
mod epoch;
pub mod events;
mod failure;
mod former;
pub mod keys;
mod manual;
pub mod migrate;
mod of_events;
mod of_relay;
mod operator;
mod output;
mod password;
pub mod people;
pub mod policies;
mod progress;
pub mod projections;
mod rebuild;
pub mod relay;
mod run;
mod sample;
mod secret;
pub mod tenants;
mod transfer;
pub mod users;

pub use failure::{Exit, Failure};
pub use migrate::{migrate, migrate_keeping_password};
pub use operator::Operator;
pub use run::main;
