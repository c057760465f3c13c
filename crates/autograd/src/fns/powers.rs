//! Powers that need no rule of their own.

use impasto_tensor::Element;

use crate::ops::{exp, ln, mul, recip, sqrt};
use crate::var::Var;

/// y = x^2
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `2 g x`
pub fn square<T: Element>(x: &Var<T>) -> Var<T> {
    mul(x, x)
}

/// y = 1 / sqrt(x)
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `-g y^3 / 2`
pub fn rsqrt<T: Element>(x: &Var<T>) -> Var<T> {
    recip(&sqrt(x))
}

/// y = base^exponent, broadcast, for bases above 0. For a constant exponent see [`pow`](crate::ops::pow), which takes any base.
///
/// # Shapes
/// two that broadcast `->` what they broadcast to
///
/// # Gradient
/// `g y exponent / base` and `g y ln(base)`, summed back where an input was stretched
#[track_caller]
pub fn powf<T: Element>(base: &Var<T>, exponent: &Var<T>) -> Var<T> {
    exp(&mul(exponent, &ln(base)))
}
