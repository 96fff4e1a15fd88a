//! Read models that nobody folds any more: what a move has left behind, and those whose code is gone.

use tidemark_engine::projection::{self, Removal};
use tidemark_runtime::Settings;

use crate::output::Output;
use crate::run::confirm;
use crate::{Failure, connect, projections};

pub(crate) async fn drop_moved(settings: &Settings, output: Output) -> Result<(), Failure> {
    if !settings.has_read_database() {
        return Err(Failure::Usage(
            "the read models lie in the database of the log: `read_database_url` names no other one; nothing was dropped".into(),
        ));
    }
    let owner = connect::owners(settings).await?;
    // They may have been brought back since, and be what serves.
    if !projection::have_moved_away(&owner.log).await? {
        return Err(Failure::Refused(
            "the log does not say that its read models have moved: run `admin migrate` with the same `read_database_url` if they have; nothing was dropped".into(),
        ));
    }
    let behind = projection::not_moved_yet(&owner).await?;
    if !behind.is_empty() {
        return Err(Failure::Refused(format!(
            "in their new home these have not come as far as they had before: {}; let `projections` fold them first; nothing was dropped",
            behind.join(", ")
        )));
    }
    let dropped = projection::drop_left_behind(&owner).await?;
    output.print(&serde_json::json!({ "dropped": dropped }), |_| match dropped.is_empty() {
        true => "no read model lies in the database of the log".to_owned(),
        false => format!("dropped from the database of the log: {}", dropped.join(", ")),
    })
}

pub(crate) async fn remove(name: &str, yes: bool, settings: &Settings, output: Output) -> Result<(), Failure> {
    let owner = connect::owners(settings).await?;
    let found = projections::one(&owner, name).await?;
    let name = &found.name;
    if found.code_version.is_some() {
        return Err(Failure::Refused(format!("this version folds {name}, so it stays; nothing was removed")));
    }
    if !yes {
        confirm(
            &format!(
                "{name} goes with its tables, and only a version that knows it can make it anew. Type {name} to go on: "
            ),
            name,
        )?;
    }
    match projection::remove(&owner.read, name).await? {
        Removal::Done { tables } => {
            output.print(&serde_json::json!({ "projection": name, "tables": tables }), |_| match tables.is_empty() {
                true => format!("removed {name}; it had no tables"),
                false => format!("removed {name}, and with it {}", tables.join(", ")),
            })
        }
        Removal::Held => Err(Failure::Refused(format!(
            "somebody folds {name}, or makes it anew: stop the version that knows it first; nothing was removed"
        ))),
        Removal::InUse => Err(Failure::Refused(format!(
            "somebody reads or writes tables of {name}, or a query takes long: try again; nothing was removed"
        ))),
        Removal::Absent => Err(Failure::NotFound(format!("{name} is not installed; nothing was removed"))),
    }
}
