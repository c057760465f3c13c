//! Winograd's minimal filtering: 3x3 with steps of one, and 4x4 with steps of two, which is four 2x2 (see `lower.rs`), each also
//! transposed. The third slot, the gradient for the weights, is in `gradient.rs`. The others:
//!
//! ```text
//! picture  -- Bᵀ x B,  steps::Input  -->          [family, point, strip, channel, tile]
//! weights  -- G w Gᵀ,  Filters       -->          [family, point, panel, channel, output]
//! one matrix product a point, steps::Products:    [family, point, output, tile]
//! result  <-- Aᵀ p A,  steps::Output --
//! ```
//!
//! A tile is m x m places of the result, a point one of its a x a products, a term the taps of a family that read one plane; B,
//! G, A, m and a are those of `scheme.rs`. `blocks.rs` cuts the work, `steps.rs` does it.

mod blocks;
mod filters;
mod gradient;
mod scheme;
mod source;
mod steps;
mod tiles;

pub(super) use self::scheme::{F42, F43, F63};

use self::blocks::Cut;
use self::scheme::Scheme;
use super::lower::Family;
use super::{Conv2d, Epilogue, Slot};
use crate::simd;
use crate::tensor::Tensor;

/// One slot, arguments as for [`Conv2d::leave`].
pub(super) fn leave<S: Scheme>(conv: &Conv2d, slot: Slot, a: &[f32], b: &[f32], epilogue: Epilogue) -> Tensor {
    let how = (simd::level(), Cut::of_this_machine());
    match slot {
        Slot::Y => blocks::convolve::<S>(how, conv, slot, a, b, epilogue),
        Slot::X => blocks::convolve::<S>(how, conv, slot, b, a, epilogue),
        Slot::W => gradient::weights::<S>(conv, b, a),
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
