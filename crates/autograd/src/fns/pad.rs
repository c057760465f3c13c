//! Axes continued beyond their ends.

use impasto_tensor::{Element, Taps};

use crate::ops::resample;
use crate::var::Var;

/// What stands beyond the ends of an axis, the edges of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Zeros.
    Zero,
    /// The values mirrored, the outermost not repeated.
    Reflect,
    /// The outermost value repeated.
    Replicate,
    /// The opposite side: the values tile.
    Circular,
}

/// More places before and behind each axis: `sides` has a pair `[before, after]` for every axis.
///
/// # Shapes
/// `[.., A, ..] -> [.., before + A + after, ..]`
///
/// # Gradient
/// `g` inside, plus what lies outside added where it was copied from
#[track_caller]
pub fn pad<T: Element>(x: &Var<T>, how: Padding, sides: &[[usize; 2]]) -> Var<T> {
    let rank = x.shape().len();
    assert!(sides.len() == rank, "pad: expected {rank} pairs for {:?}, got {sides:?}", x.shape());
    let mut y = x.clone();
    for (axis, &[before, after]) in sides.iter().enumerate().filter(|(_, sides)| **sides != [0, 0]) {
        let len = y.shape()[axis];
        assert!(how == Padding::Zero || len > 0, "pad: no values to continue along axis {axis} of {:?}", x.shape());
        // Called by name: a function pointer would lose the caller's line.
        let taps = match how {
            Padding::Zero => Taps::zeros(len, before, after),
            Padding::Reflect => Taps::reflect(len, before, after),
            Padding::Replicate => Taps::replicate(len, before, after),
            Padding::Circular => Taps::circular(len, before, after),
        };
        y = resample(&y, axis, &taps);
    }
    y
}

/// The picture with [[top, bottom], [left, right]] more rows and columns.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H + P, W + P]`
///
/// # Gradient
/// that of [`pad`]
#[track_caller]
pub fn pad2d<T: Element>(x: &Var<T>, how: Padding, [rows, columns]: [[usize; 2]; 2]) -> Var<T> {
    assert!(x.shape().len() == 4, "pad2d: expected [N, C, H, W], got {:?}", x.shape());
    pad(x, how, &[[0; 2], [0; 2], rows, columns])
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Tensor;

    fn pad_by(how: Padding, sides: &[[usize; 2]]) -> Var<f32> {
        pad(&Var::constant(Tensor::zeros([0, 2])), how, sides)
    }

    #[test]
    #[should_panic(expected = "pad: expected 2 pairs for [0, 2], got [[1, 1]]")]
    fn an_axis_without_a_pair_is_refused() {
        let _ = pad_by(Padding::Zero, &[[1, 1]]);
    }

    #[test]
    #[should_panic(expected = "pad: no values to continue along axis 0 of [0, 2]")]
    fn nothing_cannot_be_continued() {
        assert_eq!(pad_by(Padding::Zero, &[[1, 1], [0, 0]]).value(), &Tensor::zeros([2, 2]));
        let _ = pad_by(Padding::Circular, &[[1, 0], [0, 0]]);
    }
}
