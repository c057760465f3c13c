//! Variance and standard deviation.

use impasto_tensor::Element;

use super::lengths::root;
use super::square;
use crate::ops::{affine, mean_axes, reshape, sub, sum_axes};
use crate::var::Var;

/// The variance over `axes`, which disappear: the sum of (x - mean)^2 divided by `n - correction`. A correction of 0 gives the
/// variance of the `n` elements, 1 the unbiased estimate of that of the distribution they were drawn from.
///
/// # Shapes
/// any `->` without `axes`
///
/// # Gradient
/// `2 g (x - mean) / (n - correction)`
///
/// # Panics
/// If an axis does not exist, or there are no more than `correction` elements.
#[track_caller]
pub fn var_axes<T: Element>(x: &Var<T>, axes: &[usize], correction: usize) -> Var<T> {
    let mean = mean_axes(x, axes);
    let count = x.value().len() / mean.value().len().max(1);
    assert!(count > correction, "var_axes: expected more than {correction} elements, got {count}");
    let kept = axes.iter().fold(*x.shape(), |shape, &axis| shape.with(axis, 1));
    let squares = square(&sub(x, &reshape(&mean, kept)));
    affine(&sum_axes(&squares, axes), 1.0 / (count - correction) as f64, 0.0)
}

/// The standard deviation over `axes`, which disappear: the square root of [`var_axes`].
///
/// # Shapes
/// any `->` without `axes`
///
/// # Gradient
/// `g (x - mean) / ((n - correction) y)`; 0 where all elements are equal
///
/// # Panics
/// If an axis does not exist, or there are no more than `correction` elements.
#[track_caller]
pub fn std_axes<T: Element>(x: &Var<T>, axes: &[usize], correction: usize) -> Var<T> {
    root(&var_axes(x, axes, correction), 2.0)
}
