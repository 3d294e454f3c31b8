//! What the system says of a process.

/// Kibibytes that a process held at the most, and holds now.
#[derive(Clone, Copy)]
pub struct Memory {
    pub peak_kib: u32,
    pub now_kib: u32,
}

impl Memory {
    /// Of a running process; `None` where the system does not tell.
    pub fn of(process: u32) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok()
        };
        Some(Self { peak_kib: figure("VmHWM")?, now_kib: figure("VmRSS")? })
    }
}
