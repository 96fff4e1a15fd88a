//! Looks for programs on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// The first executable of this name on `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|candidate| is_executable(candidate))
}

/// Whether this is a file that we may run.
pub fn is_executable(path: &Path) -> bool {
    path.is_file() && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok()
}

/// What a program prints about its version.
pub fn version_line(program: &Path) -> anyhow::Result<String> {
    let output =
        Command::new(program).arg("--version").output().with_context(|| format!("cannot run {}", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first number with dots in a text: `nats-server: v2.15.1` is `[2, 15, 1]`.
pub fn version_in(text: &str) -> Vec<u32> {
    let Some(start) = text.find(|character: char| character.is_ascii_digit()) else { return Vec::new() };
    let digits_and_dots = text[start..].split(|character: char| !character.is_ascii_digit() && character != '.').next();
    digits_and_dots.unwrap_or_default().split('.').map_while(|part| part.parse().ok()).collect()
}

/// Runs a tool and gives its output; not succeeding is an error with what it said.
pub fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::bail!("{} failed ({}): {}", command.get_program().display(), output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_print() {
        assert_eq!(version_in("nats-server: v2.15.1"), [2, 15, 1]);
        assert_eq!(version_in("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), [15, 14]);
        assert_eq!(version_in("postgres (PostgreSQL) 18beta1"), [18]);
        assert!(version_in("none").is_empty());
        assert!(version_in("v2.9.10") < vec![2, 14, 6]);
    }
}
