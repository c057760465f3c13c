//! Vector instructions, chosen at run time: a plain build runs everywhere and uses what the machine has.
//!
//! A kernel is one body, generic over `Vector`, and implements `Kernel`. `run` compiles the body once for each
//! [`Level`], with that level's instructions switched on, and calls the one in force. That is the whole mechanism: there is
//! no second copy of any formula. Bits differ between levels (a fused multiply-add rounds once) and never within one. Products
//! of `f64` are those of the crate `matrixmultiply`, which chooses its instructions itself.

mod base;
pub(crate) mod math;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

pub(crate) use vector::{MAX_LANES, Vector};

/// A set of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every processor of the target has, through the crate `wide`: on x86-64 that is SSE2.
    Base,
    /// x86-64 with AVX2 and fused multiply-add: eight lanes.
    Avx2,
    /// x86-64 with AVX-512F: sixteen lanes.
    Avx512,
}

impl Level {
    /// All levels, the plainest first.
    pub const ALL: [Self; 3] = [Self::Base, Self::Avx2, Self::Avx512];

    const NAMES: [&str; 3] = ["base", "avx2", "avx512"];

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Base => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Self::Avx2.is_available() && is_x86_feature_detected!("avx512f"),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES[*self as usize])
    }
}

/// A level that is not to be had: the machine lacks it, or there is none of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported(String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = available().iter().map(ToString::to_string).collect();
        write!(f, "simd: this machine has no level `{}`; it has {}", self.0, names.join(", "))
    }
}
impl std::error::Error for Unsupported {}

impl FromStr for Level {
    type Err = Unsupported;
    fn from_str(name: &str) -> Result<Self, Unsupported> {
        let found = Self::ALL.into_iter().find(|level| Self::NAMES[*level as usize] == name);
        found.ok_or_else(|| Unsupported(name.to_owned()))
    }
}

/// The levels that this machine has, the plainest first.
pub fn available() -> Vec<Level> {
    Level::ALL.into_iter().filter(|level| level.is_available()).collect()
}

const UNSET: u8 = u8::MAX;
static LEVEL: AtomicU8 = AtomicU8::new(UNSET);

/// The level in force: the best that the machine has, unless another was [forced](force).
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        UNSET => {
            let best = available().into_iter().max().unwrap_or(Level::Base);
            // Unless it was forced meanwhile.
            match LEVEL.compare_exchange(UNSET, best as u8, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => best,
                Err(set) => Level::ALL[set as usize],
            }
        }
        set => Level::ALL[set as usize],
    }
}

/// Puts a level in force for all kernels that start from now on, in every thread. For tests, benches and comparisons.
///
/// # Errors
/// If the machine does not have it.
pub fn force(level: Level) -> Result<(), Unsupported> {
    if !level.is_available() {
        return Err(Unsupported(level.to_string()));
    }
    LEVEL.store(level as u8, Ordering::Relaxed);
    Ok(())
}

/// A piece of work on vectors. The body must be `#[inline(always)]`, or it would be compiled without the instructions.
pub(crate) trait Kernel {
    /// What the work gives.
    type Output;
    /// The body, for one kind of vector.
    fn run<V: Vector>(self) -> Self::Output;
}

/// Runs a kernel at the level in force.
#[inline]
#[allow(unsafe_code, reason = "the level is found on the machine before it is in force")]
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: no level is in force that the machine does not have.
    unsafe { run_unchecked(level(), kernel) }
}

/// Runs a kernel at one level: for work in several steps that must agree on the width of a vector.
///
/// # Panics
/// If the machine does not have it.
#[inline]
#[track_caller]
#[allow(unsafe_code, reason = "the level is looked for before it is used")]
pub(crate) fn run_at<K: Kernel>(level: Level, kernel: K) -> K::Output {
    assert!(level.is_available(), "simd: this machine has no level `{level}`");
    // SAFETY: the machine has it.
    unsafe { run_unchecked(level, kernel) }
}

/// Runs a kernel at one level.
///
/// # Safety
/// The machine has it.
#[inline]
#[allow(unsafe_code, reason = "instructions that not every machine has")]
unsafe fn run_unchecked<K: Kernel>(level: Level, kernel: K) -> K::Output {
    match level {
        // SAFETY: as the caller says.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { x86::run_avx2(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { x86::run_avx512(kernel) },
        _ => kernel.run::<base::Base>(),
    }
}

/// A function whose body is compiled once for each level. Loops over plain numbers are enough: the compiler makes vectors of
/// them, and as it fuses nothing on its own, such loops give the same bits at every level. In the body `V` names the vector.
/// Generic parameters stand in brackets, and closures among the arguments should be short enough to be inlined.
macro_rules! vectorised {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident[$($generics:tt)*]($($arg:ident: $type:ty),* $(,)?) -> $out:ty $body:block
    )+) => {$(
        $(#[$meta])*
        $vis fn $name<$($generics)*>($($arg: $type),*) -> $out {
            #[allow(non_camel_case_types, reason = "each argument's type is named as the argument")]
            struct Call<$($arg),*> {
                $($arg: $arg),*
            }
            impl<$($generics)*> crate::simd::Kernel for Call<$($type),*> {
                type Output = $out;
                #[inline(always)]
                fn run<V: crate::simd::Vector>(self) -> $out {
                    let Self { $($arg),* } = self;
                    $body
                }
            }
            crate::simd::run(Call { $($arg),* })
        }
    )+};
}
pub(crate) use vectorised;

#[cfg(test)]
#[allow(clippy::print_stdout, reason = "what is skipped is said aloud")]
mod tests {
    use super::*;
    use crate::memory::Buffer;

    #[test]
    fn levels_have_names_and_the_machine_has_the_plainest() {
        for level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert_eq!(available()[0], Level::Base);
        assert!(level().is_available());
        let unknown = "sse9".parse::<Level>().unwrap_err().to_string();
        assert!(unknown.starts_with("simd: this machine has no level `sse9`; it has base"), "{unknown}");
    }

    /// Every operation of a vector, against the same on single numbers.
    struct Everything;
    impl Kernel for Everything {
        type Output = ();
        #[inline(always)]
        #[allow(unsafe_code, reason = "stores by a pointer")]
        fn run<V: Vector>(self) {
            let a: Vec<f32> = (0..V::LANES).map(|i| (i as f32 - 2.6) * 1.75).collect();
            let b: Vec<f32> = (0..V::LANES).map(|i| 3.25 - i as f32 * 0.5).collect();
            let [x, y] = [&a, &b].map(|s| V::from_slice(s));
            let check = |name: &str, got: V, want: fn(f32, f32) -> f32| {
                let mut out = vec![0.0; V::LANES];
                got.to_slice(&mut out);
                for (i, &out) in out.iter().enumerate() {
                    let want = want(a[i], b[i]);
                    assert!((out - want).abs() <= 1e-6 * want.abs(), "{name}({}, {}): {out}, not {want}", a[i], b[i]);
                }
            };
            let sixteen: [f32; 16] = std::array::from_fn(|i| i as f32);
            let [low, high] = [0, 8].map(|i| V::Eight::from_slice(&sixteen[i..]));
            let halves = V::deinterleave(low, high);
            for (i, v) in halves.iter().chain(&V::interleave(halves[0], halves[1])).enumerate() {
                let mut out = [0.0; 8];
                v.to_slice(&mut out);
                let want = |j: usize| if i < 2 { sixteen[2 * j + i] } else { sixteen[8 * (i - 2) + j] };
                assert_eq!(out, std::array::from_fn(want), "deinterleave and interleave");
            }
            let mut lines: Buffer<f32> = Buffer::stale(2 * V::LANES);
            // SAFETY: a buffer begins on a line, and has room for both.
            unsafe {
                x.stream(lines.as_mut_ptr());
                y.stream(lines[V::LANES..].as_mut_ptr());
            }
            V::fence();
            assert_eq!(lines[..], [a.clone(), b.clone()].concat(), "stream");
            check("add", x + y, |a, b| a + b);
            check("sub", x - y, |a, b| a - b);
            check("mul", x * y, |a, b| a * b);
            check("div", x / y, |a, b| a / b);
            check("neg", -x, |a, _| -a);
            check("mul_add", x.mul_add(y, x), |a, b| a * b + a);
            check("max", V::max(x, y), f32::max);
            check("min", V::min(x, y), f32::min);
            check("sqrt", V::sqrt(V::abs(x)), |a, _| a.abs().sqrt());
            check("round", V::round(x), |a, _| a.round_ties_even());
            check("select", V::select_gt(x, y, x, V::splat(7.0)), |a, b| if a > b { a } else { 7.0 });
            check("exp2i", V::exp2i(V::round(x)), |a, _| a.round_ties_even().exp2());
            let (m, e) = V::frexp(V::abs(x));
            check("frexp", m * V::exp2i(e), |a, _| a.abs());
            check("sign", V::copy_sign(y, x), |a, b| b.copysign(a));
            assert_eq!(x.sum(), a.iter().sum::<f32>());
            let bits = V::gt_bits(x, y);
            assert_eq!(bits, (0..V::LANES).fold(0, |bits, i| bits | u32::from(a[i] > b[i]) << i));
            check("select_bits", V::select_bits(bits | 0xffff << V::LANES, x, y), f32::max);
        }
    }

    /// Forcing a level changes it for all threads, so every test that does is in this one.
    #[test]
    fn every_level_computes_the_same_functions() {
        let before = level();
        for level in Level::ALL {
            if force(level).is_ok() {
                run(Everything);
            } else {
                println!("skipped: this machine has no {level}");
            }
        }
        force(before).unwrap();
    }
}
