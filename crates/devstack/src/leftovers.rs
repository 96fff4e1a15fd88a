//! Which processes are ours: each is written down with its start time, so that the next start can end what a
//! killed `dev` left behind and never touches a stranger that was given the same number.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process, recognised by number and start time together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its number.
    pub pid: i32,
    /// When the kernel says that it began, in the kernel's own words.
    pub started: String,
}

impl Recorded {
    /// The process that has this number now.
    pub fn of(pid: i32) -> Option<Self> {
        Some(Self { pid, started: start_time(pid)? })
    }

    /// Whether that very process still runs.
    pub fn is_alive(&self) -> bool {
        start_time(self.pid).is_some_and(|started| started == self.started)
    }

    /// Ends it: asks with `signal`, and insists after `patience`.
    pub fn end(&self, signal: Signal, patience: Duration) {
        if !self.is_alive() {
            return;
        }
        let _gone_meanwhile = kill(Pid::from_raw(self.pid), signal);
        if !self.gone_within(patience) {
            let _gone_meanwhile = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
            self.gone_within(Duration::from_secs(5));
        }
    }

    /// Waits until it has gone.
    pub fn gone_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    /// Reads what was written down under a name.
    pub fn read(run: &Path, name: &str) -> Option<Self> {
        serde_json::from_slice(&fs::read(run.join(format!("{name}.json"))).ok()?).ok()
    }

    /// Writes it down under a name.
    pub fn write(&self, run: &Path, name: &str) -> anyhow::Result<()> {
        crate::files::write_private(&run.join(format!("{name}.json")), &serde_json::to_vec(self)?)
    }
}

/// Forgets what was written down under a name.
pub fn forget(run: &Path, name: &str) {
    let _already_absent = fs::remove_file(run.join(format!("{name}.json")));
}

/// Ends every process that is written down in `run`, servers last; returns the names of those that still ran.
pub fn clean(run: &Path) -> anyhow::Result<Vec<String>> {
    if !run.exists() {
        return Ok(Vec::new());
    }
    let mut names: Vec<String> = fs::read_dir(run)
        .with_context(|| format!("cannot read {}", run.display()))?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .collect();
    names.sort_by_key(|name| (is_server(name), name.clone()));
    let mut ended = Vec::new();
    for name in names {
        if let Some(recorded) = Recorded::read(run, &name)
            && recorded.is_alive()
        {
            recorded.end(stop_signal(&name), Duration::from_secs(10));
            ended.push(name.clone());
        }
        forget(run, &name);
    }
    Ok(ended)
}

/// The signal that ends a process cleanly and soon: for Postgres that is SIGINT, a fast shutdown.
pub fn stop_signal(name: &str) -> Signal {
    if name == "postgres" { Signal::SIGINT } else { Signal::SIGTERM }
}

fn is_server(name: &str) -> bool {
    matches!(name, "postgres" | "nats" | "redis")
}

/// Field 22 of `/proc/<pid>/stat`, counted after the program's name, which may hold anything. A zombie has ended.
#[cfg(target_os = "linux")]
fn start_time(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn start_time(pid: i32) -> Option<String> {
    let output = std::process::Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let started = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!started.is_empty()).then_some(started)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_leftover_is_ended_and_forgotten() {
        let run = tempfile::tempdir().expect("a directory");
        let mut child = Command::new("sleep").arg("600").spawn().expect("sleep runs");
        let recorded = Recorded::of(i32::try_from(child.id()).expect("a pid")).expect("it runs");
        recorded.write(run.path(), "nats").expect("written");
        assert_eq!(clean(run.path()).expect("cleaned"), ["nats"]);
        assert!(!recorded.is_alive());
        assert!(Recorded::read(run.path(), "nats").is_none());
        child.wait().expect("it has ended");
    }

    #[test]
    fn a_stranger_with_the_same_number_is_left_alone() {
        let run = tempfile::tempdir().expect("a directory");
        let mut child = Command::new("sleep").arg("600").spawn().expect("sleep runs");
        let mut recorded = Recorded::of(i32::try_from(child.id()).expect("a pid")).expect("it runs");
        recorded.started.push('0');
        recorded.write(run.path(), "nats").expect("written");
        assert!(clean(run.path()).expect("cleaned").is_empty());
        assert!(child.try_wait().expect("a state").is_none(), "it still runs");
        child.kill().expect("killed");
        child.wait().expect("it has ended");
    }
}
