//! One formula for every carrier of numbers: a pointwise function is written once over [`Lane`] and runs on
//! scalars here, on SIMD registers in the kernels, and on tracked variables when it is differentiated.

use std::f64::consts::FRAC_2_SQRT_PI;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::simd::Vector;
use crate::simd::math;

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
    /// The error function, 2 / sqrt(pi) times the integral of e^-t^2 from 0 to x.
    fn erf(self) -> Self;
    /// Sine of an angle in radians.
    fn sin(self) -> Self;
    /// Cosine of an angle in radians.
    fn cos(self) -> Self;
    /// |x|.
    fn abs(self) -> Self;
    /// The larger of the two.
    fn max(self, other: Self) -> Self;
    /// 1 / (1 + e^-x), relatively exact for large negative `x` too.
    fn sigmoid(self) -> Self;
    /// x to a constant power; NaN where x is negative and the exponent not whole.
    fn powf(self, exponent: f64) -> Self;
}

macro_rules! scalar_lane {
    ($($t:ty)*) => {$(
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
            fn erf(self) -> Self { erf(self as f64) as $t }
            #[inline(always)]
            fn sin(self) -> Self { <$t>::sin(self) }
            #[inline(always)]
            fn cos(self) -> Self { <$t>::cos(self) }
            #[inline(always)]
            fn abs(self) -> Self { <$t>::abs(self) }
            #[inline(always)]
            fn max(self, other: Self) -> Self { if self < other { other } else { self } }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                let e = (-<$t>::abs(self)).exp();
                (if self < 0.0 { e } else { 1.0 }) / (1.0 + e)
            }
            #[inline(always)]
            fn powf(self, exponent: f64) -> Self { <$t>::powf(self, exponent as $t) }
        }
    )*};
}
scalar_lane!(f32 f64);

/// The error function by its series of positive terms, 2 x / sqrt(pi) e^-x^2 sum of (2 x^2)^n / (1 3 5 .. (2 n + 1)).
///
/// # Source
/// Abramowitz and Stegun, "Handbook of mathematical functions", 7.1.6.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut odd) = (1.0, 1.0, 1.0);
    while term > sum * f64::EPSILON / 4.0 {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    FRAC_2_SQRT_PI * x * (-x * x).exp() * sum
}

/// A vector register as a carrier of formulas.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<V>(pub(crate) V);

macro_rules! operator {
    ($($trait:ident $method:ident $op:tt)*) => {$(
        impl<V: Vector> $trait for Lanes<V> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self { Self(self.0 $op other.0) }
        }
    )*};
}
operator! { Add add + Sub sub - Mul mul * Div div / }
impl<V: Vector> Neg for Lanes<V> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

macro_rules! vector_lane {
    ($($name:ident = $function:path;)*) => {
        impl<V: Vector> Lane for Lanes<V> {
            #[inline(always)]
            fn splat(v: f64) -> Self { Self(V::splat(v as f32)) }
            #[inline(always)]
            fn max(self, other: Self) -> Self { Self(V::max(self.0, other.0)) }
            #[inline(always)]
            fn powf(self, exponent: f64) -> Self { Self(math::powf(self.0, exponent)) }
            $(#[inline(always)]
            fn $name(self) -> Self { Self($function(self.0)) })*
        }
    };
}
vector_lane! {
    exp = math::exp;
    ln = math::ln;
    ln_1p = math::ln_1p;
    sqrt = V::sqrt;
    tanh = math::tanh;
    erf = math::erf;
    sin = math::sin;
    cos = math::cos;
    abs = V::abs;
    sigmoid = math::sigmoid;
}
