//! Places of an axis picked by index, and values added at places. The indices are data.

use std::sync::Arc;

use impasto_tensor::{Element, Shape, Taps};

use crate::ops::{gather, resample, scatter_add};
use crate::var::Var;

/// The places `indices` of `axis`, in this order: rows of a matrix, vectors of an embedding.
///
/// # Shapes
/// `[.., A, ..]`, K indices `-> [.., K, ..]`
///
/// # Gradient
/// each place of `g` added to the place that it came from
///
/// # Panics
/// If the axis does not exist or an index lies outside it.
#[track_caller]
pub fn index_select<T: Element>(x: &Var<T>, axis: usize, indices: &[u32]) -> Var<T> {
    check("index_select", x.shape(), axis, indices);
    resample(x, axis, &Taps::select(x.shape()[axis], indices.iter().map(|&i| i as usize)))
}

/// `y[.., k, ..] = x[.., indices[.., k, ..], ..]`: an index of its own for every element. The indices stand row by row in the
/// shape of the result, which is that of `x` but for `axis`; their number gives its length.
///
/// # Shapes
/// `[.., A, ..]`, indices `[.., K, ..] -> [.., K, ..]`
///
/// # Gradient
/// [`scatter_add_along`] of `g`
///
/// # Panics
/// If the axis does not exist, the indices do not fill such a shape, or one lies outside the axis.
#[track_caller]
pub fn take_along<T: Element>(x: &Var<T>, axis: usize, indices: &[u32]) -> Var<T> {
    check("take_along", x.shape(), axis, indices);
    let (rows, _, inner) = x.shape().around(axis);
    let others = (rows * inner).max(1);
    assert!(
        indices.len().is_multiple_of(others),
        "take_along: {} indices do not fill {:?} with another axis {axis}",
        indices.len(),
        x.shape()
    );
    gather(x, rows, within_rows(indices, inner), x.shape().with(axis, indices.len() / others))
}

/// `y[.., indices[.., k, ..], ..] += x[.., k, ..]`, on zeros with `len` places along `axis`: the adjoint of [`take_along`].
/// The indices stand row by row in the shape of `x`.
///
/// # Shapes
/// `[.., K, ..]`, indices `[.., K, ..] -> [.., len, ..]`
///
/// # Gradient
/// [`take_along`] of `g`
///
/// # Panics
/// If the axis does not exist, there is not an index for every element, or one lies outside the new axis.
#[track_caller]
pub fn scatter_add_along<T: Element>(x: &Var<T>, axis: usize, indices: &[u32], len: usize) -> Var<T> {
    check("scatter_add_along", x.shape(), axis, &[]);
    let shape = x.shape().with(axis, len);
    check("scatter_add_along", &shape, axis, indices);
    assert!(
        indices.len() == x.value().len(),
        "scatter_add_along: expected an index for each element of {:?}, got {}",
        x.shape(),
        indices.len()
    );
    let (rows, _, inner) = shape.around(axis);
    scatter_add(x, rows, within_rows(indices, inner), shape)
}

/// All indices are places of `axis`.
#[track_caller]
fn check(name: &str, shape: &Shape, axis: usize, indices: &[u32]) {
    assert!(axis < shape.len(), "{name}: no axis {axis} in {shape:?}");
    if let Some(index) = indices.iter().find(|&&index| index as usize >= shape[axis]) {
        panic!("{name}: no place {index} in axis {axis} of {shape:?}");
    }
}

/// Indices along an axis that has `inner` elements behind each place, as indices of elements.
fn within_rows(indices: &[u32], inner: usize) -> Arc<[u32]> {
    indices.iter().enumerate().map(|(at, &i)| i * inner as u32 + (at % inner) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Tensor;

    fn x() -> Var<f32> {
        Var::constant(Tensor::from_fn([2, 3], |i| i as f32))
    }

    #[test]
    fn indices_run_along_their_axis() {
        assert_eq!(index_select(&x(), 1, &[2, 0, 2]).value(), &Tensor::new([2, 3], vec![2.0, 0.0, 2.0, 5.0, 3.0, 5.0]));
        assert_eq!(take_along(&x(), 0, &[1, 0, 1]).value(), &Tensor::new([1, 3], vec![3.0, 1.0, 5.0]));
        assert_eq!(take_along(&x(), 1, &[1, 0]).value(), &Tensor::new([2, 1], vec![1.0, 3.0]));
        let added = scatter_add_along(&x(), 1, &[0, 1, 0, 1, 1, 1], 2);
        assert_eq!(added.value(), &Tensor::new([2, 2], vec![2.0, 1.0, 0.0, 12.0]));
    }

    #[test]
    #[should_panic(expected = "index_select: no place 3 in axis 1 of [2, 3]")]
    fn an_index_to_select_must_exist() {
        let _ = index_select(&x(), 1, &[0, 3]);
    }

    #[test]
    #[should_panic(expected = "take_along: no place 2 in axis 0 of [2, 3]")]
    fn an_index_to_take_must_exist() {
        let _ = take_along(&x(), 0, &[2, 0, 0]);
    }

    #[test]
    #[should_panic(expected = "take_along: 2 indices do not fill [2, 3] with another axis 0")]
    fn indices_that_leave_a_gap_are_refused() {
        let _ = take_along(&x(), 0, &[1, 0]);
    }

    #[test]
    #[should_panic(expected = "scatter_add_along: no place 2 in axis 1 of [2, 2]")]
    fn an_index_to_add_at_must_exist() {
        let _ = scatter_add_along(&x(), 1, &[0, 0, 0, 1, 1, 2], 2);
    }

    #[test]
    #[should_panic(expected = "scatter_add_along: expected an index for each element of [2, 3], got 2")]
    fn an_element_without_an_index_is_refused() {
        let _ = scatter_add_along(&x(), 1, &[0, 1], 2);
    }
}
