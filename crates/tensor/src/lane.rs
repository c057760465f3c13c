//! One formula for every carrier of numbers: a pointwise function is written once over [`Lane`] and runs on
//! scalars here, on SIMD registers in the kernels, and on tracked variables when it is differentiated.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// What a pointwise formula may be written in.
///
/// `f32` and `f64` implement it here; `impasto-autograd` implements it for its variables, which is how the
/// derivative of a derivative needs no rule of its own.
pub trait Lane:
    Clone + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The constant `v` in every place.
    fn splat(v: f64) -> Self;
    /// e^x.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// ln(1 + x), accurate near zero.
    fn ln_1p(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Sine of an angle in radians.
    fn sin(self) -> Self;
    /// Cosine of an angle in radians.
    fn cos(self) -> Self;
    /// |x|.
    fn abs(self) -> Self;
    /// The larger of the two.
    fn max(self, other: Self) -> Self;
    /// 1 / (1 + e^-x), without overflow for large negative `x`.
    #[must_use]
    fn sigmoid(self) -> Self {
        // sigmoid(x) = (1 + tanh(x / 2)) / 2: no branch, no overflow.
        (self * Self::splat(0.5)).tanh() * Self::splat(0.5) + Self::splat(0.5)
    }
}

macro_rules! scalar_lane {
    ($($t:ty)*) => {$(
        #[allow(clippy::inline_always, reason = "the body of every pointwise kernel")]
        impl Lane for $t {
            #[inline(always)]
            fn splat(v: f64) -> Self { v as $t }
            #[inline(always)]
            fn exp(self) -> Self { <$t>::exp(self) }
            #[inline(always)]
            fn ln(self) -> Self { <$t>::ln(self) }
            #[inline(always)]
            fn ln_1p(self) -> Self { <$t>::ln_1p(self) }
            #[inline(always)]
            fn sqrt(self) -> Self { <$t>::sqrt(self) }
            #[inline(always)]
            fn tanh(self) -> Self { <$t>::tanh(self) }
            #[inline(always)]
            fn sin(self) -> Self { <$t>::sin(self) }
            #[inline(always)]
            fn cos(self) -> Self { <$t>::cos(self) }
            #[inline(always)]
            fn abs(self) -> Self { <$t>::abs(self) }
            #[inline(always)]
            fn max(self, other: Self) -> Self { if self < other { other } else { self } }
        }
    )*};
}
scalar_lane!(f32 f64);
