//! Lengths of vectors.

use impasto_tensor::{Element, Tensor};

use super::{abs, max_axes, square};
use crate::ops::{pow, select, sqrt, sum_axes};
use crate::var::Var;

/// The `p`-norm over `axes`, which disappear: the `p`-th root of the sum of `|x|^p`. 1 sums the magnitudes, 2 is the length in
/// space, infinity takes the largest magnitude.
///
/// # Shapes
/// any `->` without `axes`
///
/// # Gradient
/// `g sign(x) (|x| / y)^(p - 1)`; 0 for a vector of zeros
///
/// # Panics
/// If an axis does not exist, or unless `p >= 1`: less is not a norm.
#[track_caller]
pub fn norm_axes<T: Element>(x: &Var<T>, p: f64, axes: &[usize]) -> Var<T> {
    assert!(p >= 1.0, "norm_axes: expected p >= 1, got {p}");
    match p {
        1.0 => sum_axes(&abs(x), axes),
        2.0 => root(&sum_axes(&square(x), axes), 2.0),
        f64::INFINITY => max_axes(&abs(x), axes),
        _ => root(&sum_axes(&pow(&abs(x), p), axes), p),
    }
}

/// The `p`-th root, with a gradient of 0 at 0, where it would be infinite. That is right for roots of what has no gradient
/// there itself, as a sum of squares.
pub(super) fn root<T: Element>(x: &Var<T>, p: f64) -> Var<T> {
    let zero = Var::constant(Tensor::scalar(T::splat(0.0)));
    let one = Var::constant(Tensor::scalar(T::splat(1.0)));
    let nonzero = x.value().bits(|v| v != T::splat(0.0));
    let safe = select(nonzero.clone(), x, &one);
    let y = if p == 2.0 { sqrt(&safe) } else { pow(&safe, 1.0 / p) };
    select(nonzero, &y, &zero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fns::std_axes;
    use crate::ops::sum;
    use crate::{grad, grad_graph};

    #[test]
    fn a_vector_of_zeros_has_a_gradient_of_zero() {
        let x = Var::param(Tensor::<f64>::new([2, 3], vec![0.0, 0.0, 0.0, 3.0, 0.0, -4.0]));
        for (p, want) in [(1.0, [1.0, 0.0, -1.0]), (2.0, [0.6, 0.0, -0.8]), (f64::INFINITY, [0.0, 0.0, -1.0])] {
            let gradient = grad(&sum(&norm_axes(&x, p, &[1])), &[&x]).remove(0);
            assert_eq!(gradient.data()[..3], [0.0; 3], "{p}");
            assert!(gradient.data()[3..].iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-15), "{p}: {gradient:?}");
        }
        for f in [|x: &Var<f64>| norm_axes(x, 3.0, &[1]), |x: &Var<f64>| std_axes(x, &[1], 1)] {
            let first = grad_graph(&sum(&f(&x)), &[&x]).remove(0);
            assert_eq!(first.value().data()[..3], [0.0; 3]);
            let second = grad(&sum(&square(&first)), &[&x]).remove(0);
            assert_eq!(second.data()[..3], [0.0; 3]);
            assert!(second.all_finite());
        }
    }
}
