//! Convolution by minimal filtering: 3x3 with steps of one, and 4x4 with steps of two, which is four 2x2 (see `lower.rs`),
//! each also transposed. The filters and all tiles of the picture are transformed, each of the scheme's points becomes one
//! matrix product over channels, and the products are transformed back.
//!
//! `blocks.rs` cuts the work, `steps.rs` does it; `gradient.rs` is the third slot.

mod blocks;
mod filters;
mod gradient;
mod scheme;
mod source;
mod steps;
mod tiles;

use self::blocks::{Cut, run};
use self::scheme::{F42, F43, F63};
use super::lower::Family;
use super::{Conv2d, Epilogue, Slot};
use crate::simd;
use crate::tensor::Tensor;

/// Which scheme computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tiles {
    /// F(4, 3)
    Four,
    /// F(6, 3)
    Six,
    /// F(4, 2), on the four phases of a stride of two.
    Phases,
}

/// `w` and the other argument to `slot`, which is `X` or `Y`.
pub(super) fn filter(conv: &Conv2d, slot: Slot, tiles: Tiles, x: &[f32], w: &[f32], epilogue: Epilogue) -> Tensor {
    let how = (simd::level(), Cut::of_this_machine());
    match tiles {
        Tiles::Four => run::<F43>(how, conv, slot, x, w, epilogue),
        Tiles::Six => run::<F63>(how, conv, slot, x, w, epilogue),
        Tiles::Phases => run::<F42>(how, conv, slot, x, w, epilogue),
    }
}

/// The weight gradient.
pub(super) fn gradient(conv: &Conv2d, tiles: Tiles, x: &[f32], y: &[f32]) -> Tensor {
    match tiles {
        Tiles::Four => gradient::run::<F43>(conv, x, y),
        Tiles::Six => gradient::run::<F63>(conv, x, y),
        Tiles::Phases => gradient::run::<F42>(conv, x, y),
    }
}

/// The taps of a family that read one plane: a full square.
struct Term {
    /// Number of the plane.
    plane: usize,
    /// Where its first tap reads for output place 0.
    shift: [isize; 2],
    /// The weights, row by row.
    weights: Vec<usize>,
}

/// A family's taps by plane.
fn terms(family: &Family, planes_across: usize, side: usize) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    let mut taps = family.taps.clone();
    taps.sort_by_key(|t| (t.plane, t.shift));
    for square in taps.chunk_by(|a, b| a.plane == b.plane) {
        debug_assert_eq!(square.len(), side * side, "a full square of taps");
        let [y, x] = square[0].plane;
        let weights = square.iter().map(|t| t.weight).collect();
        terms.push(Term { plane: y * planes_across + x, shift: square[0].shift, weights });
    }
    terms
}

/// Rows of 64-byte lines that are an odd number long: walking down such a matrix visits all sets of a cache.
fn stride(numbers: usize) -> usize {
    (numbers.div_ceil(16) | 1) * 16
}
