//! AVX2 with fused multiply-add, and AVX-512F. Each method is one instruction, or a few.

#![allow(clippy::wildcard_imports, reason = "every instruction of the file is one of them")]
#![allow(
    unsafe_code,
    reason = "vector instructions are unsafe to name; the first lines of this file say why they are sound"
)]

// Why every `unsafe` here is sound: a value of these types comes from one of their own functions, those are called by kernels
// only, and kernels reach these types through `run_avx2` and `run_avx512` only, which are unsafe to call where the machine may
// lack the instructions. So these exist wherever they are executed.

use std::arch::x86_64::*;

use super::Kernel;
use super::vector::{Vector, operators};

/// Runs a kernel with AVX2 and FMA switched on for its body: callers outside of such a body have to know that the machine has
/// them.
#[target_feature(enable = "avx2,fma")]
pub(super) fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}

/// Runs a kernel with AVX-512F (and AVX2, FMA) switched on for its body, likewise.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx512>()
}

/// Eight lanes.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256);

/// Sixteen lanes.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

/// Functions of vectors that are one expression of instructions.
macro_rules! instructions {
    ($(fn $name:ident($($arg:ident),+) = $body:expr;)+) => {$(
        #[inline(always)]
        fn $name($($arg: Self),+) -> Self {
            // SAFETY: the vectors at hand exist, so the machine has their instructions; see the top of the file.
            Self(unsafe { $body })
        }
    )+};
}

impl Avx2 {
    instructions! {
        fn added(a, b) = _mm256_add_ps(a.0, b.0);
        fn subtracted(a, b) = _mm256_sub_ps(a.0, b.0);
        fn multiplied(a, b) = _mm256_mul_ps(a.0, b.0);
        fn divided(a, b) = _mm256_div_ps(a.0, b.0);
        fn negated(a) = _mm256_xor_ps(a.0, _mm256_set1_ps(-0.0));
    }

    /// In each half of the register: `a0 b0 a1 b1`, then `a2 b2 a3 b3`.
    #[inline(always)]
    fn pairs(a: Self, b: Self) -> [Self; 2] {
        // SAFETY: see the top of the file.
        unsafe { [Self(_mm256_unpacklo_ps(a.0, b.0)), Self(_mm256_unpackhi_ps(a.0, b.0))] }
    }

    /// In each half of the register: `a0 a1 b0 b1`, then `a2 a3 b2 b3`.
    #[inline(always)]
    fn quads(a: Self, b: Self) -> [Self; 2] {
        // SAFETY: see the top of the file.
        unsafe { [Self(_mm256_shuffle_ps::<0x44>(a.0, b.0)), Self(_mm256_shuffle_ps::<0xee>(a.0, b.0))] }
    }

    /// The lower halves `a b`, then the upper ones.
    #[inline(always)]
    fn halves(a: Self, b: Self) -> [Self; 2] {
        // SAFETY: see the top of the file.
        unsafe { [Self(_mm256_permute2f128_ps::<0x20>(a.0, b.0)), Self(_mm256_permute2f128_ps::<0x31>(a.0, b.0))] }
    }
}
operators!(Avx2);

impl Vector for Avx2 {
    const LANES: usize = 8;
    type Eight = Self;
    const TWO_COLUMNS: bool = true;
    // 32 places of 16 columns are 2 KB of B and 384 multiply-adds: 192 cycles at two a cycle, 384 at one (ADR 0027).
    const PREFETCH_DISTANCE: usize = 32;

    instructions! {
        fn max(a, b) = _mm256_max_ps(b.0, a.0);
        fn min(a, b) = _mm256_min_ps(b.0, a.0);
        fn sqrt(a) = _mm256_sqrt_ps(a.0);
        fn abs(a) = _mm256_andnot_ps(_mm256_set1_ps(-0.0), a.0);
        fn copy_sign(a, b) = {
            let sign = _mm256_set1_ps(-0.0);
            _mm256_or_ps(_mm256_and_ps(sign, b.0), _mm256_andnot_ps(sign, a.0))
        };
        fn round(a) = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a.0);
        fn select_gt(a, b, yes, no) = _mm256_blendv_ps(no.0, yes.0, _mm256_cmp_ps::<_CMP_GT_OQ>(a.0, b.0));
        fn exp2i(n) = {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(n.0), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
        };
    }
    #[inline(always)]
    unsafe fn stream(self, p: *mut f32) {
        debug_assert!(p.addr().is_multiple_of(size_of::<Self>()));
        // SAFETY: see the top of the file; the caller says that the numbers can be written and are aligned.
        unsafe { _mm256_stream_ps(p, self.0) }
    }
    #[inline(always)]
    fn fence() {
        // SAFETY: see the top of the file.
        unsafe { _mm_sfence() }
    }
    #[inline(always)]
    fn prefetch(p: *const f32) {
        // SAFETY: see the top of the file; a prefetch of any address is allowed.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the top of the file.
        Self(unsafe { _mm256_fmadd_ps(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the top of the file.
        Self(unsafe { _mm256_fnmadd_ps(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn splat(v: f32) -> Self {
        // SAFETY: see the top of the file.
        Self(unsafe { _mm256_set1_ps(v) })
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller says that eight numbers can be read.
        Self(unsafe { _mm256_loadu_ps(p) })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller says that eight numbers can be written.
        unsafe { _mm256_storeu_ps(p, self.0) }
    }
    #[inline(always)]
    fn gt_bits(a: Self, b: Self) -> u32 {
        // SAFETY: see the top of the file.
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(a.0, b.0)).cast_unsigned() }
    }
    #[inline(always)]
    fn select_bits(bits: u32, yes: Self, no: Self) -> Self {
        // SAFETY: see the top of the file.
        unsafe {
            let lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(bits.cast_signed()), lane), lane);
            Self(_mm256_blendv_ps(no.0, yes.0, _mm256_castsi256_ps(set)))
        }
    }
    #[inline(always)]
    fn frexp(a: Self) -> (Self, Self) {
        // The exponent counted from 0.75: subtracting its bits makes the exponent field change just there.
        // SAFETY: see the top of the file.
        unsafe {
            let bits = _mm256_castps_si256(a.0);
            let e = _mm256_srai_epi32::<23>(_mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f40_0000)));
            let m = _mm256_sub_epi32(bits, _mm256_slli_epi32::<23>(e));
            (Self(_mm256_castsi256_ps(m)), Self(_mm256_cvtepi32_ps(e)))
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // The halves added, then the quarters, then the eighths.
        // SAFETY: see the top of the file.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }
    #[inline(always)]
    fn deinterleave(a: Self, b: Self) -> [Self; 2] {
        // The halves of a and b side by side, then the places of each group of four.
        let [low, high] = Self::halves(a, b);
        // SAFETY: see the top of the file.
        unsafe { [Self(_mm256_shuffle_ps::<0x88>(low.0, high.0)), Self(_mm256_shuffle_ps::<0xdd>(low.0, high.0))] }
    }
    #[inline(always)]
    fn interleave(a: Self, b: Self) -> [Self; 2] {
        let [low, high] = Self::pairs(a, b);
        Self::halves(low, high)
    }
    #[inline(always)]
    fn transpose(r: [Self; 8]) -> [Self; 8] {
        // Pairs of rows, then quadruples, then halves.
        let ([a0, a1], [b0, b1]) = (Self::pairs(r[0], r[1]), Self::pairs(r[2], r[3]));
        let ([c0, c1], [d0, d1]) = (Self::pairs(r[4], r[5]), Self::pairs(r[6], r[7]));
        let ([l0, l1], [l2, l3]) = (Self::quads(a0, b0), Self::quads(a1, b1));
        let ([h0, h1], [h2, h3]) = (Self::quads(c0, d0), Self::quads(c1, d1));
        let ([t0, t4], [t1, t5]) = (Self::halves(l0, h0), Self::halves(l1, h1));
        let ([t2, t6], [t3, t7]) = (Self::halves(l2, h2), Self::halves(l3, h3));
        [t0, t1, t2, t3, t4, t5, t6, t7]
    }
}

impl Avx512 {
    instructions! {
        fn added(a, b) = _mm512_add_ps(a.0, b.0);
        fn subtracted(a, b) = _mm512_sub_ps(a.0, b.0);
        fn multiplied(a, b) = _mm512_mul_ps(a.0, b.0);
        fn divided(a, b) = _mm512_div_ps(a.0, b.0);
        fn negated(a) = {
            let flipped = _mm512_xor_si512(_mm512_castps_si512(a.0), _mm512_set1_epi32(i32::MIN));
            _mm512_castsi512_ps(flipped)
        };
    }
}
operators!(Avx512);

impl Vector for Avx512 {
    const LANES: usize = 16;
    type Eight = Avx2;
    const TWO_COLUMNS: bool = true;
    // Not measured yet (ADR 0027).
    const PREFETCH_DISTANCE: usize = 0;

    instructions! {
        fn max(a, b) = _mm512_max_ps(b.0, a.0);
        fn min(a, b) = _mm512_min_ps(b.0, a.0);
        fn sqrt(a) = _mm512_sqrt_ps(a.0);
        fn abs(a) = _mm512_abs_ps(a.0);
        fn copy_sign(a, b) = {
            let sign = _mm512_set1_epi32(i32::MIN);
            let (a, b) = (_mm512_castps_si512(a.0), _mm512_castps_si512(b.0));
            _mm512_castsi512_ps(_mm512_or_si512(_mm512_and_si512(sign, b), _mm512_andnot_si512(sign, a)))
        };
        fn round(a) = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a.0);
        fn select_gt(a, b, yes, no) = _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a.0, b.0), no.0, yes.0);
        fn exp2i(n) = {
            let biased = _mm512_add_epi32(_mm512_cvtps_epi32(n.0), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(biased))
        };
    }
    #[inline(always)]
    unsafe fn stream(self, p: *mut f32) {
        debug_assert!(p.addr().is_multiple_of(size_of::<Self>()));
        // SAFETY: see the top of the file; the caller says that the numbers can be written and are aligned.
        unsafe { _mm512_stream_ps(p, self.0) }
    }
    #[inline(always)]
    fn fence() {
        // SAFETY: see the top of the file.
        unsafe { _mm_sfence() }
    }
    #[inline(always)]
    fn prefetch(p: *const f32) {
        // SAFETY: see the top of the file; a prefetch of any address is allowed.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the top of the file.
        Self(unsafe { _mm512_fmadd_ps(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the top of the file.
        Self(unsafe { _mm512_fnmadd_ps(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn splat(v: f32) -> Self {
        // SAFETY: see the top of the file.
        Self(unsafe { _mm512_set1_ps(v) })
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller says that sixteen numbers can be read.
        Self(unsafe { _mm512_loadu_ps(p) })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller says that sixteen numbers can be written.
        unsafe { _mm512_storeu_ps(p, self.0) }
    }
    #[inline(always)]
    fn gt_bits(a: Self, b: Self) -> u32 {
        // SAFETY: see the top of the file.
        unsafe { u32::from(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a.0, b.0)) }
    }
    #[inline(always)]
    fn select_bits(bits: u32, yes: Self, no: Self) -> Self {
        // SAFETY: see the top of the file.
        Self(unsafe { _mm512_mask_blend_ps(bits as u16, no.0, yes.0) })
    }
    #[inline(always)]
    fn frexp(a: Self) -> (Self, Self) {
        // As for eight lanes.
        // SAFETY: see the top of the file.
        unsafe {
            let bits = _mm512_castps_si512(a.0);
            let e = _mm512_srai_epi32::<23>(_mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f40_0000)));
            let m = _mm512_sub_epi32(bits, _mm512_slli_epi32::<23>(e));
            (Self(_mm512_castsi512_ps(m)), Self(_mm512_cvtepi32_ps(e)))
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: see the top of the file.
        let [low, high] = unsafe {
            let high = _mm512_extractf64x4_pd::<1>(_mm512_castps_pd(self.0));
            [Avx2(_mm512_castps512_ps256(self.0)), Avx2(_mm256_castpd_ps(high))]
        };
        (low + high).sum()
    }
    #[inline(always)]
    fn deinterleave(a: Avx2, b: Avx2) -> [Avx2; 2] {
        Avx2::deinterleave(a, b)
    }
    #[inline(always)]
    fn interleave(a: Avx2, b: Avx2) -> [Avx2; 2] {
        Avx2::interleave(a, b)
    }
    #[inline(always)]
    fn transpose(rows: [Avx2; 8]) -> [Avx2; 8] {
        Avx2::transpose(rows)
    }
}
