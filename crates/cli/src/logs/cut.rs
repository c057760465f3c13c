//! Cutting a log after a step, so that a resumed run writes each step once.

use std::path::Path;

use impasto_data::write_atomically;

use crate::failure::Failure;

/// Keeps the whole lines of a file before the first that `is_beyond`; a last line that was not written to its end goes too.
/// There is always either the old file or the whole new one. A file that is not there stays away.
pub(super) fn cut(path: &Path, mut is_beyond: impl FnMut(&str) -> bool) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    let bytes = std::fs::read(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    let is_kept = |line: &&[u8]| line.ends_with(b"\n") && str::from_utf8(line).is_ok_and(|line| !is_beyond(line));
    let kept: usize = bytes.split_inclusive(|&b| b == b'\n').take_while(is_kept).map(<[u8]>::len).sum();
    if kept < bytes.len() {
        write_atomically(path, &bytes[..kept])?;
    }
    Ok(())
}
