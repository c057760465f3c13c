//! A tensor taken apart along an axis, and tensors put together along a new one.

use std::ops::Range;

use impasto_tensor::{Element, Taps};

use crate::ops::{concat, narrow, resample, reshape};
use crate::var::Var;

/// Every `step`-th place of `range` along `axis`.
///
/// # Shapes
/// `[.., A, ..] -> [.., L / step, ..]`, rounded up, for a range of L places
///
/// # Gradient
/// `g` at these places, zero elsewhere
///
/// # Panics
/// If the range does not lie in the axis, or the step is 0.
#[track_caller]
pub fn slice<T: Element>(x: &Var<T>, axis: usize, range: Range<usize>, step: usize) -> Var<T> {
    let len = x.shape().get(axis).copied();
    assert!(
        step > 0 && range.start <= range.end && len.is_some_and(|len| range.end <= len),
        "slice: places {range:?} by {step} of axis {axis} do not lie in {:?}",
        x.shape()
    );
    resample(x, axis, &Taps::select(x.shape()[axis], range.step_by(step)))
}

/// Consecutive parts of the given lengths along `axis`: what [`concat`](crate::ops::concat) joins again.
///
/// # Shapes
/// `[.., A + B, ..] -> [.., A, ..], [.., B, ..]`
///
/// # Gradient
/// the parts of `g` side by side
///
/// # Panics
/// If the lengths do not add up to that of the axis.
#[track_caller]
pub fn split<T: Element>(x: &Var<T>, axis: usize, lens: &[usize]) -> Vec<Var<T>> {
    let len = x.shape().get(axis).copied();
    assert!(
        len == Some(lens.iter().sum()),
        "split: expected lengths that add up to axis {axis} of {:?}, got {lens:?}",
        x.shape()
    );
    let mut start = 0;
    let part = |&len: &usize| {
        start += len;
        narrow(x, axis, start - len, len)
    };
    lens.iter().map(part).collect()
}

/// `count` equal parts along `axis`.
///
/// # Shapes
/// `[.., A, ..] ->` count times `[.., A / count, ..]`
///
/// # Gradient
/// that of [`split`]
///
/// # Panics
/// If the axis does not divide into as many.
#[track_caller]
pub fn chunk<T: Element>(x: &Var<T>, axis: usize, count: usize) -> Vec<Var<T>> {
    let len = x.shape().get(axis).copied().unwrap_or_default();
    assert!(
        axis < x.shape().len() && count > 0 && len.is_multiple_of(count),
        "chunk: axis {axis} of {:?} does not divide into {count} parts",
        x.shape()
    );
    split(x, axis, &vec![len / count; count])
}

/// Values of one shape side by side along a new `axis`.
///
/// # Shapes
/// L times `[.., ..] -> [.., L, ..]`
///
/// # Gradient
/// each its part of `g`
///
/// # Panics
/// If there are none, their shapes differ, or they have too few axes for the new one.
#[track_caller]
pub fn stack<T: Element>(parts: &[&Var<T>], axis: usize) -> Var<T> {
    let first = *parts.first().expect("stack: expected at least one value").shape();
    for part in parts {
        assert!(*part.shape() == first, "stack: expected equal shapes, got {first:?} and {:?}", part.shape());
    }
    assert!(axis <= first.len(), "stack: no place for axis {axis} in {first:?}");
    let thick = [&first[..axis], &[1], &first[axis..]].concat();
    let parts: Vec<Var<T>> = parts.iter().map(|part| reshape(part, thick.as_slice())).collect();
    concat(&parts.iter().collect::<Vec<_>>(), axis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Tensor;

    fn x() -> Var<f32> {
        Var::constant(Tensor::zeros([2, 5]))
    }

    #[test]
    #[should_panic(expected = "slice: places 3..6 by 2 of axis 1 do not lie in [2, 5]")]
    fn a_slice_beyond_the_end_is_refused() {
        let _ = slice(&x(), 1, 3..6, 2);
    }

    #[test]
    #[should_panic(expected = "split: expected lengths that add up to axis 1 of [2, 5], got [2, 2]")]
    fn lengths_that_leave_something_are_refused() {
        let _ = split(&x(), 1, &[2, 2]);
    }

    #[test]
    #[should_panic(expected = "chunk: axis 1 of [2, 5] does not divide into 2 parts")]
    fn unequal_parts_are_refused() {
        let _ = chunk(&x(), 1, 2);
    }

    #[test]
    #[should_panic(expected = "stack: expected equal shapes, got [2, 5] and [2, 2]")]
    fn unequal_shapes_are_refused() {
        let _ = stack(&[&x(), &narrow(&x(), 1, 0, 2)], 0);
    }
}
