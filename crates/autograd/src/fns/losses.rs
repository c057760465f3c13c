//! Losses: means over all elements.

use impasto_tensor::Element;

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
    let d = sub(a, b);
    mean(&mul(&d, &d))
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
