//! Reductions that are defined on rows, over any axes: what is reduced becomes the last axis.

use impasto_tensor::Element;

use super::logsumexp;
use crate::ops::{gather, permute, reshape};
use crate::var::Var;

/// `x` as one row of what `axes` holds for each place of the others, and the lengths of the others.
#[track_caller]
fn rows<T: Element>(op: &str, x: &Var<T>, axes: &[usize]) -> (Var<T>, Vec<usize>) {
    let shape = x.shape();
    assert!(axes.iter().all(|&a| a < shape.len()), "{op}: not all of the axes {axes:?} exist in {shape:?}");
    let (reduced, kept): (Vec<usize>, Vec<usize>) = (0..shape.len()).partition(|a| axes.contains(a));
    let left: Vec<usize> = kept.iter().map(|&a| shape[a]).collect();
    let width: usize = reduced.iter().map(|&a| shape[a]).product();
    assert!(width > 0, "{op}: the axes {axes:?} of {shape:?} hold nothing");
    let count = left.iter().product();
    (reshape(&permute(x, &[kept, reduced].concat()), [count, width]), left)
}

/// The largest element over `axes`, which disappear; the first of equals in row order. NaN is passed over.
///
/// # Shapes
/// any `->` without `axes`
///
/// # Gradient
/// `g` to the place of the largest element
///
/// # Panics
/// If an axis does not exist, or there are no elements to choose from.
#[track_caller]
pub fn max_axes<T: Element>(x: &Var<T>, axes: &[usize]) -> Var<T> {
    let (rows, left) = rows("max_axes", x, axes);
    let places = rows.value().argmax_rows().into_iter().map(|place| place as u32).collect();
    gather(&rows, rows.shape()[0], places, left.as_slice())
}

/// The smallest element over `axes`, which disappear; the first of equals in row order. NaN is passed over.
///
/// # Shapes
/// any `->` without `axes`
///
/// # Gradient
/// `g` to the place of the smallest element
///
/// # Panics
/// If an axis does not exist, or there are no elements to choose from.
#[track_caller]
pub fn min_axes<T: Element>(x: &Var<T>, axes: &[usize]) -> Var<T> {
    -max_axes(&-x, axes)
}

/// [`logsumexp`] over `axes`, which disappear.
///
/// # Shapes
/// any `->` without `axes`
///
/// # Gradient
/// `g` times the softmax of `x` over `axes`
///
/// # Panics
/// If an axis does not exist, or is empty.
#[track_caller]
pub fn logsumexp_axes<T: Element>(x: &Var<T>, axes: &[usize]) -> Var<T> {
    let (rows, left) = rows("logsumexp_axes", x, axes);
    reshape(&logsumexp(&rows), left.as_slice())
}
