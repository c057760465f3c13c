//! How far two vectors point the same way.

use impasto_tensor::Element;

use super::{clamp, div, norm_axes};
use crate::ops::{mul, sum_axes};
use crate::var::Var;

/// Lengths below this count as this.
const SHORTEST: f64 = 1e-8;

/// The cosine of the angle between the vectors along `axis`, which disappears: their product divided by both lengths; 0 if
/// one of them is 0.
///
/// # Shapes
/// two of one shape `->` without `axis`
///
/// # Gradient
/// `g (b / |b| - y a / |a|) / |a|`, and the same with a and b exchanged
///
/// # Panics
/// Unless both have one shape, in which the axis exists.
#[track_caller]
pub fn cosine_similarity<T: Element>(a: &Var<T>, b: &Var<T>, axis: usize) -> Var<T> {
    let fits = a.shape() == b.shape() && axis < a.shape().len();
    assert!(fits, "cosine_similarity: expected one shape with axis {axis}, got {:?} and {:?}", a.shape(), b.shape());
    let length = |x| clamp(&norm_axes(x, 2.0, &[axis]), SHORTEST, f64::INFINITY);
    div(&sum_axes(&mul(a, b), &[axis]), &mul(&length(a), &length(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grad;
    use impasto_tensor::Tensor;

    #[test]
    fn a_vector_of_zeros_is_like_nothing_and_has_a_finite_gradient() {
        let a = Var::param(Tensor::<f64>::zeros([2]));
        let b = Var::param(Tensor::new([2], vec![3.0, 4.0]));
        let y = cosine_similarity(&a, &b, 0);
        assert_eq!(y.item(), 0.0);
        let gradients = grad(&y, &[&a, &b]);
        assert!(gradients.iter().all(Tensor::all_finite), "{gradients:?}");
        assert_eq!(gradients[1].data(), [0.0, 0.0]);
    }
}
