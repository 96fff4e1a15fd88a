//! What operators are shown of the projections.

use tidemark_engine::database::Databases;
use tidemark_engine::log;
use tidemark_engine::projection::{Stall, Standing, stalls, standings};
use uuid::Uuid;

use crate::registry::definitions;

/// One projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// The version of the code that asks; `None` when it does not know the projection (any more).
    pub code_version: Option<i32>,
    /// The version of the tables that serve; `None` when it is not installed.
    pub version: Option<i32>,
    /// The last position it has taken in.
    pub checkpoint: i64,
    /// The last position of the log.
    pub head: i64,
    /// Head less checkpoint.
    pub lag: i64,
    /// Who folds it now.
    pub holder: Option<Uuid>,
    /// The tenants that it has stopped for.
    pub stalls: Vec<Stall>,
}

/// Every projection that is known or installed, by name. `owner` sees the stalls of all tenants.
///
/// # Errors
/// When a database is away.
pub async fn status(owner: impl Into<Databases>) -> sqlx::Result<Vec<Status>> {
    let owner: Databases = owner.into();
    let installed = standings(&owner.read).await?;
    // The head is asked for later, so that a lag is never below 0.
    let head = log::head(&owner.log).await?;
    let stalls = stalls(&owner.read, None).await?;
    let known = definitions();
    let mut names: Vec<&str> = known
        .iter()
        .map(|definition| definition.name)
        .chain(installed.iter().map(|standing| standing.projection.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &str| {
        let standing: Option<&Standing> = installed.iter().find(|standing| standing.projection == name);
        let checkpoint = standing.map_or(0, |standing| standing.position);
        Status {
            name: name.to_owned(),
            code_version: known.iter().find(|definition| definition.name == name).map(|definition| definition.version),
            version: standing.map(|standing| standing.version),
            checkpoint,
            head,
            lag: head - checkpoint,
            holder: standing.filter(|standing| standing.held).and_then(|standing| standing.holder),
            stalls: stalls.iter().filter(|stall| stall.projection == name).cloned().collect(),
        }
    };
    Ok(names.into_iter().map(of).collect())
}
