//! The hidden `dev __exec` mode: ties a process to its parent's life, drops privileges, and becomes the program.
//!
//! The kernel sends the death signal when the thread that forked dies, and forgets the wish whenever credentials
//! change. So the wish is made here, after the drop, by the process itself; and if the parent has already gone by
//! then, nobody would ever send the signal, which is why the parent is looked at once more.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;
use nix::unistd::{Gid, Pid, Uid, getppid};

/// What `dev __exec` is told by [`crate::children`].
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// The process that started this one.
    #[arg(long)]
    pub parent: i32,
    /// The signal to be sent when the parent dies.
    #[arg(long, default_value = "SIGTERM")]
    pub death_signal: String,
    /// The user to become, with `--gid`.
    #[arg(long, requires = "gid")]
    pub uid: Option<u32>,
    /// The group to become, with `--uid`.
    #[arg(long)]
    pub gid: Option<u32>,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}

/// Becomes the program; returns only when that failed.
pub fn become_program(args: &ExecArgs) -> anyhow::Result<()> {
    if let (Some(uid), Some(gid)) = (args.uid, args.gid) {
        drop_privileges(Uid::from_raw(uid), Gid::from_raw(gid))?;
    }
    die_with_parent(&args.death_signal)?;
    if getppid() != Pid::from_raw(args.parent) {
        bail!("the parent is gone");
    }
    let (program, rest) = args.command.split_first().context("no program was named")?;
    let error = Command::new(program).args(rest).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}

fn drop_privileges(uid: Uid, gid: Gid) -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    nix::unistd::setgroups(&[gid]).context("cannot leave the groups of root")?;
    nix::unistd::setgid(gid).context("cannot change the group")?;
    nix::unistd::setuid(uid).context("cannot change the user")
}

#[cfg(target_os = "linux")]
fn die_with_parent(signal: &str) -> anyhow::Result<()> {
    let signal: nix::sys::signal::Signal = signal.parse().context("unknown signal")?;
    nix::sys::prctl::set_pdeathsig(signal).context("cannot ask for the death signal")
}

/// Elsewhere there is no such wish: the pid files let the next start clean up.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_signal: &str) -> anyhow::Result<()> {
    Ok(())
}
