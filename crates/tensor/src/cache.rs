//! The sizes of the second and the third cache, which differ most between machines. They decide how work is cut, never what
//! comes out.

use std::sync::OnceLock;

/// Bytes of the second cache of the first processor.
pub(crate) fn second() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| size(2).unwrap_or(1 << 20))
}

/// Bytes of its third cache.
pub(crate) fn third() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| size(3).unwrap_or(16 << 20))
}

/// What Linux says of a level; elsewhere it is not known.
fn size(level: usize) -> Option<usize> {
    parse(&std::fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{level}/size")).ok()?)
}

/// Linux writes kibibytes: `8192K`.
fn parse(size: &str) -> Option<usize> {
    let kibibytes: usize = size.trim().strip_suffix('K')?.parse().ok()?;
    (kibibytes > 0).then_some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_in_kibibytes_or_not_at_all() {
        assert_eq!(parse("8192K\n"), Some(8 << 20));
        for unknown in ["", "0K", "8192", "8M", "-1K"] {
            assert_eq!(parse(unknown), None, "{unknown:?}");
        }
    }
}
