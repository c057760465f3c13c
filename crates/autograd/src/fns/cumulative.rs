//! Products and running sums, by doubling: the tree of intermediate results is as deep as the logarithm of the length, so
//! rounding grows with that only.

use impasto_tensor::{Element, Taps, Tensor};

use crate::ops::{add, concat, mul, narrow, resample, reshape};
use crate::var::Var;

/// The product over `axes`, which disappear; 1 over nothing.
///
/// Halves are multiplied until one factor is left. Nothing is divided, so zeros among the factors are as good as any.
///
/// # Shapes
/// any `->` without `axes`
///
/// # Gradient
/// `g` times the product of the other factors
///
/// # Panics
/// If an axis does not exist.
#[track_caller]
pub fn prod_axes<T: Element>(x: &Var<T>, axes: &[usize]) -> Var<T> {
    let shape = x.shape();
    assert!(axes.iter().all(|&a| a < shape.len()), "prod_axes: not all of the axes {axes:?} exist in {shape:?}");
    let left: Vec<usize> = (0..shape.len()).filter(|a| !axes.contains(a)).map(|a| shape[a]).collect();
    if axes.iter().any(|&a| shape[a] == 0) {
        return Var::constant(Tensor::ones(left.as_slice()));
    }
    let mut y = x.clone();
    for &axis in axes {
        while y.shape()[axis] > 1 {
            let len = y.shape()[axis];
            let half = len / 2;
            let paired = mul(&narrow(&y, axis, 0, half), &narrow(&y, axis, half, half));
            y = if len == 2 * half { paired } else { concat(&[&paired, &narrow(&y, axis, len - 1, 1)], axis) };
        }
    }
    reshape(&y, left.as_slice())
}

/// Running sums: place `i` of `axis` becomes the sum of the places up to `i`.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// the running sums of `g` from the other end
///
/// # Panics
/// If the axis does not exist.
///
/// # Source
/// Hillis and Steele, "Data parallel algorithms", 1986: each step adds what stands twice as far before.
#[track_caller]
pub fn cumsum<T: Element>(x: &Var<T>, axis: usize) -> Var<T> {
    assert!(axis < x.shape().len(), "cumsum: no axis {axis} in {:?}", x.shape());
    let len = x.shape()[axis];
    let mut y = x.clone();
    let mut step = 1;
    while step < len {
        let before = (0..len).map(|i| i.checked_sub(step).map(|j| (j, 1.0)).into_iter().collect());
        y = add(&y, &resample(&y, axis, &Taps::new(len, before)));
        step *= 2;
    }
    y
}
