//! Which way a convolution is computed: a rule on geometry alone, so that a run is repeated to the bit anywhere.

use std::sync::atomic::{AtomicBool, Ordering};

use super::winograd::{self, F42, F43, F63};
use super::{Conv2d, Epilogue, Slot, implicit, product, weights};
use crate::tensor::Tensor;

/// A way to compute one slot of the form. Errors are the largest seen on standard normal numbers, divided by the largest
/// value of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// The loop nest of [`Conv2d::reference`].
    Reference,
    /// Matrix products, or inner products for the weights, straight from the picture: every geometry; error 2e-6.
    Direct,
    /// F(4x4, 3x3), 2.25 multiplications an output place instead of 9; error 3e-5.
    Winograd4,
    /// F(6x6, 3x3), 1.78 multiplications an output place; error 5e-5.
    Winograd6,
    /// 4x4 with a stride of 2 as four 2x2 on phases, F(4x4, 2x2): 6.25 multiplications an output place instead of 16; error
    /// 2e-5.
    PhaseWinograd,
}

/// Channels on either side below which transforms cost more than they save.
const FEW: usize = 12;
/// What it costs to transform a filter to a point, in multiplications: measured on 128 to 512 channels.
const TRANSFORM: usize = 32;
/// Tiles below which filters of four phases take longer than the products that they save: measured likewise.
const FEW_TILES: usize = 8;

static EXACT: AtomicBool = AtomicBool::new(false);

/// Makes every [`plan`](Conv2d::plan) choose [`Algorithm::Direct`] from now on, in every thread: convolutions to the last
/// digits, slower.
pub fn set_exact(exact: bool) {
    EXACT.store(exact, Ordering::Relaxed);
}

impl Conv2d {
    /// The algorithm for one slot of `f32` numbers.
    pub fn plan(&self, slot: Slot) -> Algorithm {
        if EXACT.load(Ordering::Relaxed) || self.channels.min(self.outputs) < FEW {
            return Algorithm::Direct;
        }
        let size = if slot == Slot::X { self.input } else { self.output() };
        let tiles = |places: usize| self.batch * size.iter().map(|s| s.div_ceil(places)).product::<usize>();
        if self.allows(Algorithm::PhaseWinograd) {
            // A tile is 4 x 4 places of each phase: 8 x 8 of a picture whose phases are written, 4 x 4 of a result that reads them.
            let few = tiles(if slot == Slot::X { 8 } else { 4 }) < FEW_TILES;
            return if few { Algorithm::Direct } else { Algorithm::PhaseWinograd };
        }
        if !self.allows(Algorithm::Winograd6) {
            return Algorithm::Direct;
        }
        // Multiplications for a pair of channels, with those for places beyond the edge and for the filter.
        let work = |outputs: usize| (outputs + 2).pow(2) * (tiles(outputs) + TRANSFORM);
        if work(6) < work(4) { Algorithm::Winograd6 } else { Algorithm::Winograd4 }
    }

    /// Whether an algorithm can compute this geometry.
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        let plain = self.window.groups == 1 && self.window.dilation == [1, 1] && self.channels > 0 && self.outputs > 0;
        let padded = |most: usize| self.window.padding.iter().flatten().all(|&p| p <= most);
        match algorithm {
            Algorithm::Reference | Algorithm::Direct => true,
            Algorithm::Winograd4 | Algorithm::Winograd6 => {
                plain && self.kernel == [3, 3] && self.window.stride == [1, 1] && padded(2)
            }
            Algorithm::PhaseWinograd => plain && self.kernel == [4, 4] && self.window.stride == [2, 2] && padded(3),
        }
    }

    /// One slot of `f32` numbers by an algorithm of choice, arguments as for [`leave`](Conv2d::leave).
    ///
    /// # Panics
    /// If the arguments do not have the shapes of their slots, or the algorithm does not do this geometry.
    #[track_caller]
    pub fn leave_by(&self, algorithm: Algorithm, slot: Slot, a: &Tensor, b: &Tensor) -> Tensor {
        self.check(slot, a, b);
        assert!(self.allows(algorithm), "conv2d: {algorithm:?} does not compute {self:?}");
        self.compute(algorithm, slot, a, b, Epilogue::NONE)
    }

    /// Shapes are checked, and the algorithm fits.
    pub(super) fn compute(
        &self,
        algorithm: Algorithm,
        slot: Slot,
        a: &Tensor,
        b: &Tensor,
        epilogue: Epilogue,
    ) -> Tensor {
        match algorithm {
            Algorithm::Reference => epilogue.over(self.reference(slot, a, b)),
            Algorithm::Direct => self.direct(slot, a, b, epilogue),
            Algorithm::Winograd4 => winograd::leave::<F43>(self, slot, a.data(), b.data(), epilogue),
            Algorithm::Winograd6 => winograd::leave::<F63>(self, slot, a.data(), b.data(), epilogue),
            Algorithm::PhaseWinograd => winograd::leave::<F42>(self, slot, a.data(), b.data(), epilogue),
        }
    }

    fn direct(&self, slot: Slot, a: &Tensor, b: &Tensor, epilogue: Epilogue) -> Tensor {
        if let Some(y) = product::leave(self, slot, a, b) {
            return epilogue.over(y);
        }
        match slot {
            Slot::Y => implicit::convolve(self, slot, a.data(), b.data(), epilogue),
            Slot::X => implicit::convolve(self, slot, b.data(), a.data(), epilogue),
            Slot::W => weights::gradient(self, b.data(), a.data()),
        }
    }
}
