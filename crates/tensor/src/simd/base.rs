//! The level of every machine: eight lanes of the crate `wide`.

use bytemuck::cast;
use wide::{f32x8, i32x8};

use super::vector::{Vector, operators};

/// Eight lanes in what registers the target has.
#[derive(Clone, Copy)]
pub(super) struct Base(f32x8);

impl Base {
    #[inline(always)]
    fn added(a: Self, b: Self) -> Self {
        Self(a.0 + b.0)
    }
    #[inline(always)]
    fn subtracted(a: Self, b: Self) -> Self {
        Self(a.0 - b.0)
    }
    #[inline(always)]
    fn multiplied(a: Self, b: Self) -> Self {
        Self(a.0 * b.0)
    }
    #[inline(always)]
    fn divided(a: Self, b: Self) -> Self {
        Self(a.0 / b.0)
    }
    #[inline(always)]
    fn negated(a: Self) -> Self {
        Self(-a.0)
    }
}
operators!(Base);

#[allow(unsafe_code, reason = "loads and stores through pointers")]
impl Vector for Base {
    const LANES: usize = 8;
    type Eight = Self;
    const TWO_COLUMNS: bool = false;
    const PREFETCH_DISTANCE: usize = 0;

    #[inline(always)]
    fn splat(v: f32) -> Self {
        Self(f32x8::splat(v))
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller says that eight numbers can be read; an unaligned read needs no more.
        Self(f32x8::from(unsafe { p.cast::<[f32; 8]>().read_unaligned() }))
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller says that eight numbers can be written; an unaligned write needs no more.
        unsafe { p.cast::<[f32; 8]>().write_unaligned(self.0.to_array()) }
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(self.0 * b.0 + c.0)
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        Self(c.0 - self.0 * b.0)
    }
    #[inline(always)]
    fn max(a: Self, b: Self) -> Self {
        Self::select_gt(b, a, b, a)
    }
    #[inline(always)]
    fn min(a: Self, b: Self) -> Self {
        Self::select_gt(a, b, b, a)
    }
    #[inline(always)]
    fn sqrt(a: Self) -> Self {
        Self(a.0.sqrt())
    }
    #[inline(always)]
    fn abs(a: Self) -> Self {
        Self(a.0.abs())
    }
    #[inline(always)]
    fn copy_sign(a: Self, b: Self) -> Self {
        Self(f32x8::splat(-0.0).bitselect(b.0, a.0))
    }
    #[inline(always)]
    fn round(a: Self) -> Self {
        Self(f32x8::from_i32x8(a.0.fast_round_int()))
    }
    #[inline(always)]
    fn select_gt(a: Self, b: Self, yes: Self, no: Self) -> Self {
        Self(a.0.simd_gt(b.0).bitselect(yes.0, no.0))
    }
    #[inline(always)]
    fn gt_bits(a: Self, b: Self) -> u32 {
        a.0.simd_gt(b.0).to_bitmask()
    }
    #[inline(always)]
    fn select_bits(bits: u32, yes: Self, no: Self) -> Self {
        let lane = i32x8::new([1, 2, 4, 8, 16, 32, 64, 128]);
        let set = (i32x8::splat(bits as i32) & lane).simd_eq(lane);
        Self(cast::<_, f32x8>(set).bitselect(yes.0, no.0))
    }
    #[inline(always)]
    fn exp2i(n: Self) -> Self {
        let biased = n.0.fast_round_int() + i32x8::splat(127);
        Self(cast(biased << 23))
    }
    #[inline(always)]
    fn frexp(a: Self) -> (Self, Self) {
        // The exponent counted from 0.75: subtracting its bits makes the exponent field change just there.
        let bits: i32x8 = cast(a.0);
        let e = (bits - i32x8::splat(0x3f40_0000)) >> 23;
        let m: f32x8 = cast(bits - (e << 23));
        (Self(m), Self(f32x8::from_i32x8(e)))
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        self.0.to_array().iter().sum()
    }
    #[inline(always)]
    fn deinterleave(a: Self, b: Self) -> [Self; 2] {
        let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (a.0.to_array(), b.0.to_array());
        [Self(f32x8::new([a, c, e, g, i, k, m, o])), Self(f32x8::new([b, d, f, h, j, l, n, p]))]
    }
    #[inline(always)]
    fn interleave(a: Self, b: Self) -> [Self; 2] {
        let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (a.0.to_array(), b.0.to_array());
        [Self(f32x8::new([a, i, b, j, c, k, d, l])), Self(f32x8::new([e, m, f, n, g, o, h, p]))]
    }
    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        f32x8::transpose(rows.map(|r| r.0)).map(Self)
    }
}
