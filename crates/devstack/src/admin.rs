//! `cargo dev admin ...`: the admin binary with the settings of the running stack.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::place::Place;
use crate::{cargo, settings, split};

/// Builds the admin binary and becomes it; returns only when that failed.
pub fn run(place: &Place, args: &[OsString]) -> anyhow::Result<()> {
    let settings_file = settings::file(place);
    ensure!(
        settings_file.exists(),
        "no stack was ever started in {}; start one with `cargo dev up`",
        place.data.display()
    );
    cargo::build(place, &["tidemark-admin"])?;
    let error = Command::new(split::sibling("admin")?).args(args).env("TIDEMARK_CONFIG", settings_file).exec();
    Err(error).context("cannot run admin")
}
