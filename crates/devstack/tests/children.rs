//! What `dev` starts ends with it, however it ends. The tests run the real binary: `dev __exec` is what ties a
//! child to its parent, and a shell stands in for the parent that is killed.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tidemark_devstack::leftovers::{self, Recorded};

const DEV: &str = env!("CARGO_BIN_EXE_dev");

/// A parent that starts `sleep` through `dev __exec` and tells the child's number in a file.
fn parent_with_child(directory: &Path) -> (Child, Recorded) {
    let told = directory.join("child");
    let script = format!(
        "{DEV} __exec --parent $$ --death-signal SIGTERM -- sleep 600 & echo $! > {0}.part && mv {0}.part {0}; wait",
        told.display()
    );
    let parent = Command::new("sh").args(["-c", &script]).spawn().unwrap();
    let child = eventually(|| fs::read_to_string(&told).ok()?.trim().parse().ok());
    let is_sleep = |pid: i32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n");
    eventually(|| is_sleep(child).then_some(()));
    (parent, Recorded::of(child).unwrap())
}

fn eventually<T>(look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it never happened");
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_ends_when_its_parent_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let (mut parent, child) = parent_with_child(directory.path());
    kill(Pid::from_raw(i32::try_from(parent.id()).unwrap()), Signal::SIGKILL).unwrap();
    parent.wait().unwrap();
    assert!(child.gone_within(Duration::from_secs(20)));
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_whose_parent_has_gone_already_never_becomes_its_program() {
    let output = Command::new(DEV).args(["__exec", "--parent", "1", "--", "echo", "running"]).output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn what_escaped_is_ended_by_the_next_start() {
    let run = tempfile::tempdir().unwrap();
    let (mut parent, child) = parent_with_child(run.path());
    child.write(run.path(), "redis").unwrap();
    assert_eq!(leftovers::clean(run.path()).unwrap(), ["redis"]);
    assert!(child.gone_within(Duration::from_secs(20)));
    parent.wait().unwrap();
}

#[test]
fn help_is_good_everywhere() {
    for command in ["up", "down", "status", "stop", "start", "restart", "logs", "test", "bench", "chaos", "admin"] {
        let output = Command::new(DEV).args([command, "--help"]).output().unwrap();
        assert!(output.status.success(), "{command}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("--data-dir"), "{command}");
    }
}

#[test]
fn nothing_runs_in_a_new_directory() {
    let directory = tempfile::tempdir().unwrap();
    let in_it = |command: &str| Command::new(DEV).args([command, "--data-dir"]).arg(directory.path()).output().unwrap();
    assert_eq!(in_it("status").status.code(), Some(3));
    assert_eq!(in_it("down").status.code(), Some(0));
}
