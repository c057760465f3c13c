//! The hinge losses of a GAN: the discriminator is content with a margin, the generator never.

use impasto_tensor::Element;

use super::relu;
use crate::ops::{affine, mean};
use crate::var::Var;

/// The mean of max(0, 1 - x), or with `real` off of max(0, 1 + x): what a discriminator's logits lose when they should say
/// "real", or "not real".
///
/// # Shapes
/// any `-> []`
///
/// # Gradient
/// `-g / n` where `x < 1`, or `g / n` where `x > -1`, else 0
///
/// # Source
/// Lim and Ye, "Geometric GAN", 2017.
pub fn hinge<T: Element>(logits: &Var<T>, real: bool) -> Var<T> {
    mean(&relu(&affine(logits, if real { -1.0 } else { 1.0 }, 1.0)))
}

/// The mean of -x: what a generator loses by a discriminator's logits of its pictures.
///
/// # Shapes
/// any `-> []`
///
/// # Gradient
/// `-g / n`
///
/// # Source
/// Lim and Ye, "Geometric GAN", 2017.
pub fn hinge_generator<T: Element>(logits: &Var<T>) -> Var<T> {
    -mean(logits)
}
