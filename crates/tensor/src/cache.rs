//! The sizes of the second and the third cache, which differ most between machines. What asks for them cuts work by them where
//! that cuts no sum: they never change what comes out.

/// Floats in a line of 64 bytes.
pub(crate) const LINE: usize = 16;

/// At least so many numbers, as an odd count of lines: rows at that distance do not fall into the same sets of a cache, where
/// they would displace each other.
pub(crate) fn odd_lines(numbers: usize) -> usize {
    (numbers.div_ceil(LINE) | 1) * LINE
}

/// What is taken where the processor does not tell: a common second and third cache.
const COMMON: [usize; 2] = [1 << 20, 16 << 20];

/// Bytes of the second and the third cache; a processor without a third has its second in both places.
pub(crate) fn sizes() -> [usize; 2] {
    let [second, third] = [2, 3].map(size);
    second.map_or(COMMON, |second| [second, third.unwrap_or(second)])
}

/// What the processor says of its cache for data of a level.
///
/// # Source
/// Intel, "Software Developer's Manual", volume 2, CPUID, leaf 4; AMD, "Architecture Programmer's Manual", volume 3, function
/// 8000001D, in the same form.
#[cfg(target_arch = "x86_64")]
fn size(level: u32) -> Option<usize> {
    use std::arch::x86_64::{__cpuid_count, CpuidResult};

    #[allow(unsafe_code, unused_unsafe, reason = "the instruction was unsafe to name once")]
    fn ask(leaf: u32, number: u32) -> CpuidResult {
        // SAFETY: every processor of this architecture has the instruction.
        unsafe { __cpuid_count(leaf, number) }
    }

    const INSTRUCTIONS: u32 = 2;
    for leaf in [4, 0x8000_001d] {
        if ask(leaf & 0x8000_0000, 0).eax < leaf {
            continue;
        }
        for number in 0..8 {
            let cache = ask(leaf, number);
            let kind = cache.eax & 31;
            if kind == 0 {
                break;
            }
            if kind != INSTRUCTIONS && cache.eax >> 5 & 7 == level {
                let [ways, parts, line] = [cache.ebx >> 22, cache.ebx >> 12 & 1023, cache.ebx & 4095];
                return Some([ways, parts, line, cache.ecx].map(|less_one| less_one as usize + 1).iter().product());
            }
        }
    }
    None
}

#[cfg(not(target_arch = "x86_64"))]
fn size(_: u32) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_caches() {
        let [second, third] = sizes();
        assert!((128 << 10..=64 << 20).contains(&second), "{second}");
        assert!((second..=2 << 30).contains(&third), "{third}");
    }
}
