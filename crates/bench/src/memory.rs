//! What a process holds in memory, as the kernel counts it.

use anyhow::Context;

/// MiB that are in memory now.
pub(crate) fn resident(process: u32) -> anyhow::Result<f64> {
    field(process, "VmRSS:")
}

/// MiB that were in memory at most.
pub(crate) fn peak(process: u32) -> anyhow::Result<f64> {
    field(process, "VmHWM:")
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
