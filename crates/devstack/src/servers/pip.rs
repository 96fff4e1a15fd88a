//! Calls whatever `pip` is here, and installs it where there is none and we may.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::bail;

use super::packages;
use super::programs::on_path;
use crate::place::Place;
use crate::progress::Progress;

/// Runs pip, by every way to call it that this machine may have, until one succeeds. `requirement` names one package,
/// its version and the SHA-256 of all that pip may take for it.
pub fn run(arguments: impl Fn(&mut Command), requirement: &str) -> anyhow::Result<()> {
    let mut requirements = tempfile::NamedTempFile::new()?;
    writeln!(requirements, "{requirement}")?;
    let mut failures = Vec::new();
    for mut pip in pips() {
        arguments(&mut pip);
        pip.args(["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--only-binary=:all:"]);
        pip.args(["--require-hashes", "--requirement"]).arg(requirements.path());
        match pip.stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => failures.push(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => failures.push(error.to_string()),
        }
    }
    if failures.is_empty() {
        bail!("there is no pip");
    }
    bail!("pip could not fetch {requirement}: {}", failures.join("; "))
}

/// Does what needs pip, and once more with the distribution's pip when it failed for want of one.
pub fn with_pip<T>(place: &Place, progress: &Progress, work: impl Fn() -> anyhow::Result<T>) -> anyhow::Result<T> {
    work().or_else(|error| {
        let Some(installer) = packages::installer().filter(|_| !is_here()) else { return Err(error) };
        progress.say("installing pip to fetch it with");
        packages::install(installer, &["python3-pip"], &place.log("install"))?;
        work()
    })
}

/// A Python without the module is as good as none.
fn is_here() -> bool {
    pips()
        .into_iter()
        .any(|mut pip| pip.arg("--version").stdin(Stdio::null()).output().is_ok_and(|output| output.status.success()))
}

fn pips() -> Vec<Command> {
    let mut commands = Vec::new();
    for python in ["python3", "python"] {
        if let Some(python) = on_path(python) {
            let mut command = Command::new(python);
            command.args(["-m", "pip"]);
            commands.push(command);
        }
    }
    commands.extend(["pip3", "pip"].into_iter().filter_map(on_path).map(Command::new));
    commands
}
