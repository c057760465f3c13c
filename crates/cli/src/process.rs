//! What the system says of this process.

/// The most bytes of memory that the process has held so far; none where the system does not tell.
pub(crate) fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    kilobytes(&status, "VmHWM:")
}

/// Bytes of memory that the machine could give now; none where the system does not tell.
pub(crate) fn available_bytes() -> Option<u64> {
    let memory = std::fs::read_to_string("/proc/meminfo").ok()?;
    kilobytes(&memory, "MemAvailable:")
}

/// What follows a key in a file of the system's, in bytes.
fn kilobytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?)
}

/// Counts the peak anew from here on, where the system lets it.
pub(crate) fn reset_peak() {
    impasto_tensor::memory::trim();
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn memory_that_was_held_counts() {
        let held = vec![1u8; 50_000_000];
        assert!(super::peak_bytes().unwrap() >= held.len() as u64);
    }
}
