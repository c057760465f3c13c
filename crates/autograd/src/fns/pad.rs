//! Pictures continued beyond their edges.

use impasto_tensor::{Element, Taps};

use crate::ops::resample;
use crate::var::Var;

/// What stands beyond the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Zeros.
    Zero,
    /// The picture mirrored, the edge itself not repeated.
    Reflect,
    /// The edge repeated.
    Replicate,
    /// The opposite side: the picture tiles.
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

/// The picture with [[top, bottom], [left, right]] more rows and columns.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H + P, W + P]`
///
/// # Gradient
/// `g` inside, plus what lies outside added where it was copied from
#[track_caller]
pub fn pad2d<T: Element>(x: &Var<T>, how: Padding, sides: [[usize; 2]; 2]) -> Var<T> {
    assert!(x.shape().len() == 4, "pad2d: expected [N, C, H, W], got {:?}", x.shape());
    let mut y = x.clone();
    for (axis, [before, after]) in [(2, sides[0]), (3, sides[1])] {
        if before + after > 0 {
            let len = y.shape()[axis];
            // Called by name: a function pointer would lose the caller's line.
            let taps = match how {
                Padding::Zero => Taps::zeros(len, before, after),
                Padding::Reflect => Taps::reflect(len, before, after),
                Padding::Replicate => Taps::replicate(len, before, after),
                Padding::Circular => Taps::circular(len, before, after),
            };
            y = resample(&y, axis, &taps);
        }
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Tensor;

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
