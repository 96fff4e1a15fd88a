//! Calls cargo in the checkout, with the profile that this program itself was built with.

use std::process::Command;

use anyhow::{Context, bail};

use crate::place::Place;

/// A cargo command in the checkout.
pub fn command(place: &Place) -> anyhow::Result<Command> {
    let checkout = place.checkout.as_ref().context("this needs the checkout: run it from there")?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(checkout);
    // What cargo has told this process about its own package would only confuse the next cargo.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// Builds the binaries of some packages. Outside a checkout there is nothing to build from: what lies beside this
/// program is used as it is.
pub fn build(place: &Place, packages: &[&str]) -> anyhow::Result<()> {
    if place.checkout.is_none() {
        return Ok(());
    }
    let mut command = command(place)?;
    // Together with this package, which is built already: alone, the others would want their dependencies with fewer
    // features, and all of them compiled once more.
    command.args(["build", "--quiet", "--bins", "--package", env!("CARGO_PKG_NAME")]);
    for package in packages {
        command.args(["--package", package]);
    }
    if is_release() {
        command.arg("--release");
    }
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("the build failed");
    }
    Ok(())
}

/// Whether this program was built with optimisations that measuring needs.
pub fn is_release() -> bool {
    !cfg!(debug_assertions)
}
