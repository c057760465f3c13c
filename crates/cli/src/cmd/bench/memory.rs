//! What a workload holds at most.

use std::fs;

use impasto_tensor::memory;

/// Begins with an empty pool and remembers what the program holds then.
pub(super) struct Meter {
    before: usize,
    /// Whether the system counts, as it does on Linux; else the pool does, which sees tensors only.
    by_system: bool,
}

impl Meter {
    pub(super) fn start() -> Self {
        memory::trim();
        memory::reset_peak();
        // Linux starts a new peak at the writing of a 5.
        let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
        match resident("VmRSS:").filter(|_| reset) {
            Some(before) => Self { before, by_system: true },
            None => Self { before: memory::stats().live, by_system: false },
        }
    }

    /// The most bytes beyond those of the start.
    pub(super) fn peak(&self) -> usize {
        let peak = if self.by_system { resident("VmHWM:") } else { None };
        peak.unwrap_or_else(|| memory::stats().peak).saturating_sub(self.before)
    }
}

/// An entry of what Linux says of this process, in bytes.
fn resident(entry: &str) -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(entry))?;
    line.split_whitespace().next()?.parse::<usize>().ok().map(|kib| kib << 10)
}
