//! The size of the third cache: the one that differs most between machines, from 4 MB to more than 32.

use std::sync::OnceLock;

/// Where it is not known.
const COMMON: usize = 16 << 20;

/// Bytes of the third cache of the first processor. Decides how work is cut, never what comes out.
pub(crate) fn third() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| {
        let size = std::fs::read_to_string("/sys/devices/system/cpu/cpu0/cache/index3/size");
        size.ok().and_then(|size| parse(&size)).unwrap_or(COMMON)
    })
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
