//! The places of axes in another order, and several times.

use impasto_tensor::{Element, Taps, Upsample};

use super::pad::{Padding, pad};
use crate::ops::resample;
use crate::var::Var;

/// The places of `axes` in reverse order.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g` reversed along the same axes
///
/// # Panics
/// If an axis does not exist.
#[track_caller]
pub fn flip<T: Element>(x: &Var<T>, axes: &[usize]) -> Var<T> {
    let mut y = x.clone();
    for &axis in axes {
        assert!(axis < x.shape().len(), "flip: no axis {axis} in {:?}", x.shape());
        y = resample(&y, axis, &Taps::flip(x.shape()[axis]));
    }
    y
}

/// The values moved on by `shift` places along `axis`, which is a ring: `y[i] = x[i - shift]`.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g` moved back
///
/// # Panics
/// If the axis does not exist.
#[track_caller]
pub fn roll<T: Element>(x: &Var<T>, axis: usize, shift: isize) -> Var<T> {
    assert!(axis < x.shape().len(), "roll: no axis {axis} in {:?}", x.shape());
    let len = x.shape()[axis];
    // An empty axis has no place to begin at.
    let start = (-shift).rem_euclid(len.max(1) as isize) as usize;
    resample(x, axis, &Taps::select(len, (start..len).chain(0..start)))
}

/// The whole of `x`, `times[i]` times along axis `i`.
///
/// # Shapes
/// `[A, B, ..] -> [times[0] A, times[1] B, ..]`
///
/// # Gradient
/// the sum of the copies' parts of `g`
///
/// # Panics
/// Unless there is a number, not 0, for every axis.
#[track_caller]
pub fn tile<T: Element>(x: &Var<T>, times: &[usize]) -> Var<T> {
    assert!(
        times.len() == x.shape().len() && !times.contains(&0),
        "tile: expected how often for each axis of {:?}, got {times:?}",
        x.shape()
    );
    let sides: Vec<[usize; 2]> = x.shape().iter().zip(times).map(|(len, times)| [0, len * (times - 1)]).collect();
    pad(x, Padding::Circular, &sides)
}

/// Each place of `axis` `times` times in a row.
///
/// # Shapes
/// `[.., A, ..] -> [.., times A, ..]`
///
/// # Gradient
/// the sum of the copies' places of `g`
///
/// # Panics
/// If the axis does not exist.
#[track_caller]
pub fn repeat_interleave<T: Element>(x: &Var<T>, axis: usize, times: usize) -> Var<T> {
    assert!(axis < x.shape().len(), "repeat_interleave: no axis {axis} in {:?}", x.shape());
    resample(x, axis, &Taps::upsample(x.shape()[axis], times, Upsample::Nearest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Tensor;

    fn x() -> Var<f32> {
        Var::constant(Tensor::from_fn([2, 3], |i| i as f32))
    }

    #[test]
    fn a_roll_goes_round_as_often_as_it_is_told() {
        assert_eq!(roll(&x(), 1, 1).value().data(), [2.0, 0.0, 1.0, 5.0, 3.0, 4.0]);
        assert_eq!(roll(&x(), 1, 7).value(), roll(&x(), 1, -2).value());
        let none = Var::<f32>::constant(Tensor::zeros([0]));
        assert_eq!(roll(&none, 0, 3).shape(), &[0]);
    }

    #[test]
    #[should_panic(expected = "flip: no axis 2 in [2, 3]")]
    fn an_axis_to_reverse_must_exist() {
        let _ = flip(&x(), &[0, 2]);
    }

    #[test]
    #[should_panic(expected = "roll: no axis 2 in [2, 3]")]
    fn an_axis_to_move_along_must_exist() {
        let _ = roll(&x(), 2, 1);
    }

    #[test]
    #[should_panic(expected = "tile: expected how often for each axis of [2, 3], got [2]")]
    fn an_axis_without_a_count_is_refused() {
        let _ = tile(&x(), &[2]);
    }

    #[test]
    #[should_panic(expected = "repeat_interleave: no axis 2 in [2, 3]")]
    fn an_axis_to_repeat_must_exist() {
        let _ = repeat_interleave(&x(), 2, 2);
    }
}
