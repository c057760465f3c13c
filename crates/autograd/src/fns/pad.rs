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
