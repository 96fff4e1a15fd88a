//! The few ways in which the stack writes files: whole or not at all, and private.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::Context;

/// Replaces a file in one step; nobody but its owner can read it, and no reader ever sees half of it.
pub fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let directory = path.parent().context("a file lies in a directory")?;
    let mut file = tempfile::NamedTempFile::new_in(directory)
        .with_context(|| format!("cannot write in {}", directory.display()))?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

/// Opens a log for appending.
pub fn open_log(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot open the log {}", path.display()))
}

/// The last lines of a text file; empty when there is none.
pub fn tail(path: &Path, lines: usize) -> String {
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Copies a program to where the servers' user can run it, unless the same copy is there.
pub fn copy_program(from: &Path, to: &Path) -> anyhow::Result<()> {
    let directory = to.parent().context("a program lies in a directory")?;
    fs::create_dir_all(directory)?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    let same = fs::metadata(to).is_ok_and(|old| fs::metadata(from).is_ok_and(|new| old.len() == new.len()));
    if same {
        return Ok(());
    }
    let mut copy = tempfile::NamedTempFile::new_in(directory)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
    copy.persist(to)?;
    Ok(())
}

/// Removes a file that may not be there.
pub fn remove_file(path: &Path) -> io::Result<()> {
    absent_is_fine(fs::remove_file(path))
}

/// Removes a directory that may not be there.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    absent_is_fine(fs::remove_dir_all(path))
}

/// Whether we may make files in a directory.
pub fn writable(directory: &Path) -> bool {
    nix::unistd::access(directory, nix::unistd::AccessFlags::W_OK).is_ok()
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_readable_by_its_owner_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("secret");
        write_private(&path, b"one").expect("written");
        write_private(&path, b"two").expect("written again");
        assert_eq!(fs::read(&path).expect("read"), b"two");
        assert_eq!(fs::metadata(&path).expect("metadata").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).expect("list").count(), 1, "no temporary file stays behind");
    }

    #[test]
    fn the_tail_of_a_file_is_its_last_lines() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("log");
        fs::write(&path, "one\ntwo\nthree\n").expect("written");
        assert_eq!(tail(&path, 2), "two\nthree");
        assert_eq!(tail(&directory.path().join("none"), 2), "");
    }
}
