//! Losses: means over all elements.

use impasto_tensor::Element;

use super::{abs, clamp, square};
use crate::ops::{affine, mean, mul, softplus, sub};
use crate::var::Var;

/// The mean of (a - b)^2.
///
/// # Shapes
/// two that broadcast `-> []`
///
/// # Gradient
/// `2 g (a - b) / n` and its negative
#[track_caller]
pub fn mse<T: Element>(a: &Var<T>, b: &Var<T>) -> Var<T> {
    mean(&square(&sub(a, b)))
}

/// The mean of |a - b|.
///
/// # Shapes
/// two that broadcast `-> []`
///
/// # Gradient
/// `g sign(a - b) / n` and its negative
#[track_caller]
pub fn l1<T: Element>(a: &Var<T>, b: &Var<T>) -> Var<T> {
    mean(&abs(&sub(a, b)))
}

/// The mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), of d = a - b: square near 0, straight far from it.
///
/// # Shapes
/// two that broadcast `-> []`
///
/// # Gradient
/// `g clamp(d, -delta, delta) / n` and its negative
///
/// # Source
/// Huber, "Robust estimation of a location parameter", 1964.
///
/// # Panics
/// Unless `delta > 0`.
#[track_caller]
pub fn huber<T: Element>(a: &Var<T>, b: &Var<T>, delta: f64) -> Var<T> {
    assert!(delta > 0.0, "huber: expected delta > 0, got {delta}");
    let d = sub(a, b);
    let near = clamp(&d, -delta, delta);
    mean(&mul(&near, &sub(&d, &affine(&near, 0.5, 0.0))))
}

/// [`huber`] divided by its delta, here called beta, so that the slope far from 0 is 1.
///
/// # Shapes
/// two that broadcast `-> []`
///
/// # Gradient
/// `g clamp(a - b, -beta, beta) / (beta n)` and its negative
///
/// # Source
/// Girshick, "Fast R-CNN", 2015, with beta 1.
///
/// # Panics
/// Unless `beta > 0`.
#[track_caller]
pub fn smooth_l1<T: Element>(a: &Var<T>, b: &Var<T>, beta: f64) -> Var<T> {
    affine(&huber(a, b, beta), 1.0 / beta, 0.0)
}

/// The mean of -ln sigmoid(x), or with `real` off of -ln(1 - sigmoid(x)): what a discriminator's logits lose when they
/// should say "real", or "not real".
///
/// # Shapes
/// any `-> []`
///
/// # Gradient
/// `-g sigmoid(-x) / n`, or `g sigmoid(x) / n`
///
/// # Source
/// Goodfellow et al., "Generative adversarial nets", 2014; with `real` on fakes, its non-saturating form.
pub fn logistic<T: Element>(logits: &Var<T>, real: bool) -> Var<T> {
    mean(&softplus(&affine(logits, if real { -1.0 } else { 1.0 }, 0.0)))
}
