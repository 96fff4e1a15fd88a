//! What is private to one command (`test`, `bench`, `chaos`): a place, or a stack of servers alone in it, made, used, and
//! thrown away.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;

use crate::place::Place;
use crate::progress::Progress;
use crate::servers::Durability;
use crate::settings::Configured;
use crate::stack::{self, Stack, Wishes};
use crate::{files, leftovers};

/// A place below `.tidemark` that goes away with its command.
#[derive(Debug)]
pub struct PrivatePlace {
    place: Place,
    directory: TempDir,
}

impl PrivatePlace {
    /// Makes one, and removes those whose command was killed. `kind` names the directory below `.tidemark`.
    pub fn make(outer: &Place, kind: &str) -> anyhow::Result<Self> {
        let shelf = outer.data.join(kind);
        fs::create_dir_all(&shelf)?;
        remove_abandoned(&shelf)?;
        let directory =
            tempfile::Builder::new().prefix("run-").tempdir_in(&shelf).context("no place for a private stack")?;
        let place = Place { checkout: outer.checkout.clone(), ..Place::at(Some(directory.path()))? };
        let place = reachable(place, directory.path())?;
        Ok(Self { place, directory })
    }

    /// Where things lie.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Removes all of it.
    pub fn remove(self) -> anyhow::Result<()> {
        if self.place.servers_moved() {
            files::remove_tree(&self.place.servers)?;
        }
        Ok(self.directory.close()?)
    }

    /// Leaves all of it where it is, until the next command of its kind.
    pub fn keep(self) -> PathBuf {
        self.directory.keep()
    }
}

/// A stack of servers in a place that goes away with it.
#[derive(Debug)]
pub struct PrivateStack {
    /// The stack.
    pub stack: Stack,
    private: PrivatePlace,
}

/// Starts one. `kind` names the directory below `.tidemark`.
pub async fn start(
    outer: &Place,
    kind: &str,
    durability: Durability,
    progress: &Progress,
) -> anyhow::Result<PrivateStack> {
    let private = PrivatePlace::make(outer, kind)?;
    let place = private.place().clone();
    let lock = stack::take_over(&place)?;
    let configured = Configured::read(&place)?;
    let wishes = Wishes { durability, configured: false, redis: true };
    let stack = stack::start(place, &configured, wishes, lock, progress).await?;
    Ok(PrivateStack { stack, private })
}

impl PrivateStack {
    /// Ends the servers and removes all that they wrote.
    pub async fn end(self) -> anyhow::Result<()> {
        let Stack { supervisor, end, .. } = self.stack;
        supervisor.stop_all().await;
        end.finish()?;
        self.private.remove()
    }
}

/// A temporary directory is closed to others by default; the servers' user only has to pass through.
fn reachable(place: Place, directory: &Path) -> anyhow::Result<Place> {
    use std::os::unix::fs::PermissionsExt;
    if place.unprivileged.is_none() {
        return Ok(place);
    }
    if place.servers_moved() {
        files::remove_tree(&place.servers)?;
    }
    fs::set_permissions(directory, fs::Permissions::from_mode(0o711))?;
    Ok(Place { checkout: place.checkout.clone(), ..Place::at(Some(directory))? })
}

/// Removes stacks whose command was killed: nobody holds their lock any more.
fn remove_abandoned(shelf: &Path) -> anyhow::Result<()> {
    let abandoned: Vec<PathBuf> = fs::read_dir(shelf)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    for directory in abandoned {
        let Ok(place) = Place::at(Some(&directory)) else { continue };
        // Somebody else's command is still at it.
        let Ok(_lock) = stack::take_over(&place) else { continue };
        leftovers::clean(&place.data.join("run"))?;
        if place.servers_moved() {
            files::remove_tree(&place.servers)?;
        }
        files::remove_tree(&directory)?;
    }
    Ok(())
}
