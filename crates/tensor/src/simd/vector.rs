//! What a kernel may do with a vector register of `f32`.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// Lanes of the widest vector.
pub(crate) const MAX_LANES: usize = 16;

/// Some `f32` side by side. Implemented once for each [`Level`](super::Level), and used only inside kernels that
/// [`run`](super::run) calls: that is what makes its instructions safe to use.
#[allow(unsafe_code, reason = "loads and stores through pointers, for kernels that walk several arrays at once")]
pub(crate) trait Vector:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The number of lanes: 8 or 16, [`MAX_LANES`].
    const LANES: usize;
    /// A vector of eight lanes with the same instructions: what works on 8 x 8 tiles.
    type Eight: Vector<Eight = Self::Eight>;

    /// Whether the registers hold six rows of sums, each two vectors wide.
    const TWO_COLUMNS: bool;
    /// How many inner places ahead a product prefetches its right side; 0: not at all.
    const PREFETCH_DISTANCE: usize;

    /// `v` in every lane.
    fn splat(v: f32) -> Self;
    /// `LANES` numbers from `p` on, which needs no alignment.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn load(p: *const f32) -> Self;
    /// Writes `LANES` numbers from `p` on.
    ///
    /// # Safety
    /// They can be written.
    unsafe fn store(self, p: *mut f32);
    /// A non-temporal (streaming) store, where the machine has it: past the caches, so that lines which will not be read again
    /// soon are not fetched to be overwritten. Other threads may read it after [`fence`](Vector::fence) only.
    ///
    /// # Safety
    /// They can be written, and `p` begins a line of 64 bytes, or the second half of one if eight numbers are written.
    #[inline(always)]
    unsafe fn stream(self, p: *mut f32) {
        // SAFETY: as the caller says.
        unsafe { self.store(p) }
    }
    /// A store fence: what this thread [`stream`](Vector::stream)ed can be read by others from here on.
    #[inline(always)]
    fn fence() {}
    /// Prefetches the line of memory at `p` into the first cache. Any address will do.
    #[inline(always)]
    fn prefetch(p: *const f32) {
        _ = p;
    }
    /// `self * b + c`, rounded once where the machine can.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// `c - self * b`, rounded once where the machine can.
    fn neg_mul_add(self, b: Self, c: Self) -> Self;
    /// The larger; `a` unless `a < b`, so a NaN in `a` stays.
    fn max(a: Self, b: Self) -> Self;
    /// The smaller; `a` unless `b < a`.
    fn min(a: Self, b: Self) -> Self;
    /// Square root.
    fn sqrt(a: Self) -> Self;
    /// |a|
    fn abs(a: Self) -> Self;
    /// The size of `a` with the sign of `b`.
    fn copy_sign(a: Self, b: Self) -> Self;
    /// To the nearest whole number, ties to even; for |a| < 2^31.
    fn round(a: Self) -> Self;
    /// `yes` where `a > b`, else `no`, NaN included.
    fn select_gt(a: Self, b: Self, yes: Self, no: Self) -> Self;
    /// A bit for every lane, set where `a > b`.
    fn gt_bits(a: Self, b: Self) -> u32;
    /// `yes` where the lane's bit is set, else `no`; bits above the lanes are passed over.
    fn select_bits(bits: u32, yes: Self, no: Self) -> Self;
    /// 2^n for whole n from -126 to 127.
    fn exp2i(n: Self) -> Self;
    /// m and e with `a = m 2^e` and `m` from 0.75 to 1.5, for positive normal `a`.
    fn frexp(a: Self) -> (Self, Self);
    /// The sum of all lanes, in a fixed order.
    fn sum(self) -> f32;
    /// Of sixteen numbers a b, those at even places and those at odd places.
    fn deinterleave(a: Self::Eight, b: Self::Eight) -> [Self::Eight; 2];
    /// The reverse of [`deinterleave`](Self::deinterleave): a0 b0 a1 b1 ..
    fn interleave(a: Self::Eight, b: Self::Eight) -> [Self::Eight; 2];
    /// Eight vectors of eight lanes, rows and columns exchanged.
    fn transpose(rows: [Self::Eight; 8]) -> [Self::Eight; 8];

    /// 0 in every lane.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(0.0)
    }

    /// `self + factor * x`
    #[inline(always)]
    fn plus(self, factor: f32, x: Self) -> Self {
        x.mul_add(Self::splat(factor), self)
    }

    /// The first `LANES` numbers of a slice.
    #[inline(always)]
    fn from_slice(x: &[f32]) -> Self {
        let x = &x[..Self::LANES];
        // SAFETY: the slice has `LANES` numbers.
        unsafe { Self::load(x.as_ptr()) }
    }

    /// Writes the first `LANES` numbers of a slice.
    #[inline(always)]
    fn to_slice(self, out: &mut [f32]) {
        let out = &mut out[..Self::LANES];
        // SAFETY: the slice has room for `LANES` numbers.
        unsafe { self.store(out.as_mut_ptr()) }
    }

    /// A slice of at most `LANES` numbers, zeros behind.
    #[inline(always)]
    fn from_part(x: &[f32]) -> Self {
        let mut all = [0.0; MAX_LANES];
        all[..x.len()].copy_from_slice(x);
        Self::from_slice(&all)
    }

    /// Writes the first numbers to a slice of at most `LANES`.
    #[inline(always)]
    fn to_part(self, out: &mut [f32]) {
        let mut all = [0.0; MAX_LANES];
        self.to_slice(&mut all);
        out.copy_from_slice(&all[..out.len()]);
    }

    /// The first numbers of a slice, up to `LANES`; zeros behind.
    #[inline(always)]
    fn from_start(x: &[f32]) -> Self {
        if x.len() < Self::LANES { Self::from_part(x) } else { Self::from_slice(x) }
    }

    /// Writes as many numbers as the slice has, up to `LANES`.
    #[inline(always)]
    fn to_start(self, out: &mut [f32]) {
        if out.len() < Self::LANES { self.to_part(out) } else { self.to_slice(out) }
    }
}

/// The operators of a kind of vector, from its functions of the same meaning.
macro_rules! operators {
    ($t:ident) => {
        operators!($t: Add add added, Sub sub subtracted, Mul mul multiplied, Div div divided);
        impl std::ops::Neg for $t {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                Self::negated(self)
            }
        }
    };
    ($t:ident: $($trait:ident $method:ident $function:ident),+) => {$(
        impl std::ops::$trait for $t {
            type Output = Self;
            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                Self::$function(self, b)
            }
        }
    )+};
}
pub(super) use operators;
