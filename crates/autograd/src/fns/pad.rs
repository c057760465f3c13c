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

impl Padding {
    /// Which of an axis's `len` places stands at `place`, however far beyond the edges; none for a zero.
    pub(super) fn source(self, place: isize, len: usize) -> Option<usize> {
        let last = len as isize - 1;
        let source = match self {
            Self::Zero if place < 0 || place > last => return None,
            Self::Zero => place,
            Self::Replicate => place.clamp(0, last),
            Self::Circular => place.rem_euclid(last + 1),
            Self::Reflect => {
                let there_and_back = place.rem_euclid((2 * last).max(1));
                there_and_back.min(2 * last - there_and_back)
            }
        };
        Some(source as usize)
    }
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

    #[test]
    fn sources_are_what_padding_copies() {
        let x: Var<f64> = Var::constant(Tensor::from_fn([1, 1, 1, 5], |i| i as f64 + 1.0));
        for how in [Padding::Zero, Padding::Reflect, Padding::Replicate, Padding::Circular] {
            let y = pad2d(&x, how, [[0, 0], [4, 3]]);
            let sources = (-4..8).map(|place| how.source(place, 5).map_or(0.0, |i| i as f64 + 1.0));
            assert_eq!(y.value().data(), sources.collect::<Vec<_>>(), "{how:?}");
        }
    }

    #[test]
    fn sources_are_found_far_away() {
        assert_eq!((-7..8).map(|place| Padding::Reflect.source(place, 3)).collect::<Vec<_>>(), {
            [1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1].map(Some)
        });
        for how in [Padding::Reflect, Padding::Replicate, Padding::Circular] {
            assert!([isize::MIN, -1, 0, isize::MAX].iter().all(|&place| how.source(place, 1) == Some(0)), "{how:?}");
        }
    }
}
