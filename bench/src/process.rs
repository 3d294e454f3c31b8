//! What the system says of a process and of this machine, and on which core a process runs. Linux.

use anyhow::{Context, Result};
use std::fs::read_to_string;
use std::time::Duration;

/// Processor time of a process so far, its own and the system's for it.
pub fn cpu(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = read_to_string(&path).with_context(|| format!("cannot read {path}: this needs Linux"))?;
    // The name in brackets may hold spaces; `utime` and `stime` are the 12th and 13th field behind it.
    let (_, fields) = stat.rsplit_once(')').with_context(|| format!("{path} is not as expected"))?;
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or(0)).sum();
    Ok(Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second().max(1)))
}

/// Bytes of a process that are in memory, and the most that ever were.
pub fn resident(pid: u32) -> Result<(u64, u64)> {
    let path = format!("/proc/{pid}/status");
    let status = read_to_string(&path).with_context(|| format!("cannot read {path}: this needs Linux"))?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.map(|kib| kib * 1_024).with_context(|| format!("{path} has no {name}"))
    };
    Ok((bytes("VmRSS:")?, bytes("VmHWM:")?))
}

/// Cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Keeps this thread to a core of its own, where there are two, and gives the core that is left to the server.
pub fn pin_apart() -> Result<Option<usize>> {
    if cores() < 2 {
        return Ok(None);
    }
    pin(1)?;
    Ok(Some(0))
}

/// Keeps this thread, and those that it starts, on one core.
#[cfg(target_os = "linux")]
pub fn pin(core: usize) -> Result<()> {
    let mut set = rustix::thread::CpuSet::new();
    set.set(core);
    rustix::thread::sched_setaffinity(None, &set).with_context(|| format!("cannot stay on core {core}"))
}

/// Lets this thread, and those that it starts, run on any core again.
#[cfg(target_os = "linux")]
pub fn unpin() -> Result<()> {
    let mut set = rustix::thread::CpuSet::new();
    (0..rustix::thread::CpuSet::MAX_CPU).for_each(|core| set.set(core));
    rustix::thread::sched_setaffinity(None, &set).context("cannot leave a core")
}

/// Elsewhere threads run where they like.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it fails on Linux")]
pub fn unpin() -> Result<()> {
    Ok(())
}

/// Elsewhere threads run where they like.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it fails on Linux")]
pub fn pin(_core: usize) -> Result<()> {
    Ok(())
}

/// The machine in one line: cores, processor, memory. No names.
pub fn machine() -> String {
    let field = |path: &str, name: &str| {
        let text = read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let memory = field("/proc/meminfo", "MemTotal");
    let kib: u64 = memory.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
    let model = field("/proc/cpuinfo", "model name");
    format!("{} cores ({model}), {} GiB memory", cores(), kib >> 20)
}

/// Processes that wanted to run, over the last minute, five and fifteen.
pub fn load_average() -> String {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
