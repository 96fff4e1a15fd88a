//! What a process holds in memory, and has had of the processors, as the kernel counts it.

use std::time::Duration;

use anyhow::Context;

/// MiB that are in memory now.
pub(crate) fn resident(process: u32) -> anyhow::Result<f64> {
    field(process, "VmRSS:")
}

/// MiB that were in memory at most.
pub(crate) fn peak(process: u32) -> anyhow::Result<f64> {
    field(process, "VmHWM:")
}

/// How long it has run on any processor.
pub(crate) fn processor_time(process: u32) -> anyhow::Result<Duration> {
    /// The kernel's unit towards programs, whatever its own clock is (`USER_HZ`, see proc(5)).
    const TICKS: u64 = 100;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))
        .context("the time of a process cannot be read here")?;
    // The name, in parentheses, may hold anything; the fields after it are numbered from 3 on.
    let (_, rest) = stat.rsplit_once(')').context("a process has no name")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

fn field(process: u32, name: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))
        .context("the memory of a process cannot be read here")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .and_then(|number| number.trim().parse::<f64>().ok())
        .with_context(|| format!("there is no {name} of process {process}"))?;
    Ok(kib / 1024.0)
}
