//! The read models, and the process that folds the log into them.
//!
//! Invariants:
//! - Each read model is one module: its row, its reducer, its queries. Queries go through `Reads`, within one tenant.
//! - A reducer is a function of the events alone. It performs no I/O and reads no clock.
//! - [`all`] lists every projection; nothing else does.
//! - Nothing here decides a command, and nothing here calls the outside.

pub mod content;
mod decode;
pub mod identity;
pub mod page;
mod process;
mod registry;
mod status;
pub mod tenancy;

use tidemark_engine::database::Databases;

pub use process::run;
pub use registry::{Rebuilding, Registered, Sources, Task, Work, all, definitions};
pub use status::{Status, status};

/// Makes the tables of all projections where they are missing. To be run as the owner, after the migrations.
///
/// # Errors
/// When a database is away, a definition does not apply, or the read models are folded from another log.
pub async fn install(owner: impl Into<Databases>) -> sqlx::Result<()> {
    tidemark_engine::projection::install(owner, &definitions()).await
}
