//! The classification loss for targets that are not one class alone. For those that are, see
//! [`cross_entropy`](crate::ops::cross_entropy).

use impasto_tensor::Element;

use super::{log_softmax, logsumexp};
use crate::ops::{affine, cross_entropy, mean, mul, sub, sum};
use crate::var::Var;

/// The mean over the rows of the sum of -target ln softmax(x): targets are probabilities of the classes, as mixing pictures or
/// another network gives them.
///
/// # Shapes
/// `x` and `target` `[.., K] -> []`
///
/// # Gradient
/// of `x`, for targets that sum to 1, `(softmax(x) - target) g / N`
///
/// # Source
/// Zhang et al., "mixup: beyond empirical risk minimization", 2018, for pictures that are mixed.
///
/// # Panics
/// Unless both have one shape.
#[track_caller]
pub fn soft_cross_entropy<T: Element>(x: &Var<T>, target: &Var<T>) -> Var<T> {
    let (a, b) = (x.shape(), target.shape());
    assert!(a == b && !a.is_empty(), "soft_cross_entropy: expected logits and targets [.., K], got {a:?} and {b:?}");
    let rows = x.value().len() / a[a.len() - 1].max(1);
    affine(&sum(&mul(target, &log_softmax(x))), -1.0 / rows as f64, 0.0)
}

/// [`cross_entropy`] with a part of each target, `smoothing`, shared out evenly among all classes.
///
/// # Shapes
/// `x` `[N, K]`, `N` labels below `K -> []`
///
/// # Gradient
/// `(softmax(x) - (1 - smoothing) onehot(label) - smoothing / K) g / N`
///
/// # Source
/// Szegedy et al., "Rethinking the inception architecture for computer vision", 2016, section 7.
///
/// # Panics
/// If the labels do not fit, or unless `0 <= smoothing <= 1`.
#[track_caller]
pub fn cross_entropy_smoothed<T: Element>(x: &Var<T>, labels: &[u32], smoothing: f64) -> Var<T> {
    let range = 0.0..=1.0;
    assert!(range.contains(&smoothing), "cross_entropy_smoothed: expected a part of 1, got {smoothing}");
    let hard = cross_entropy(x, labels);
    // The mean over the classes of ln softmax(x) is that of x, less the logarithm of the sum.
    let even = sub(&mean(&logsumexp(x)), &mean(x));
    affine(&hard, 1.0 - smoothing, 0.0) + affine(&even, smoothing, 0.0)
}
