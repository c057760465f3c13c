//! Multiplication by one of two factors, chosen by a bit for each element. The bits are data: given them the operation is
//! linear and its own adjoint. Rectifiers, absolute value and dropout are gates.

use impasto_tensor::{Bits, Element, Random, Shape, ShapeError, Tensor};

use crate::kinds::{Lin, Linear};
use crate::op::{apply, record};
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Gate {
    bits: Bits,
    on: f64,
    off: f64,
}

impl Gate {
    /// Lets through where `y` is positive, times `slope` elsewhere.
    pub(super) fn positive<T: Element>(y: &Tensor<T>, slope: f64) -> Self {
        Self { bits: y.positive(), on: 1.0, off: slope }
    }
}

impl Linear for Gate {
    const NAME: &'static str = "gate";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        if x[0] == *self.bits.shape() {
            return Ok(x[0]);
        }
        Err(ShapeError::new(Self::NAME, format!("bits of {:?} do not fit {:?}", self.bits.shape(), x[0])))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].clone().gate(&self.bits, self.on, self.off)
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        apply(Lin(self.clone()), &[g])
    }
    fn adjoint_fast<T: Element>(&self, _: usize, _: &[Shape], g: Tensor<T>) -> Tensor<T> {
        g.gate(&self.bits, self.on, self.off)
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        let x: Tensor<f64> = Random::new(0, 0).normal([3, 30], 0.0, 1.0);
        [(1.0, 0.0), (1.0, 0.2), (1.0, -1.0)]
            .map(|(on, off)| (Self { bits: x.bits(|v| v > 0.0), on, off }, vec![*x.shape()]))
            .into()
    }
}

/// y = x times `on` where the bit is set, times `off` where not.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// the same gate on `g`
#[track_caller]
pub fn gate<T: Element>(x: &Var<T>, bits: Bits, on: f64, off: f64) -> Var<T> {
    apply(Lin(Gate { bits, on, off }), &[x])
}

/// y = x where x > 0, else slope x: the gate whose bits are the signs of x, in one pass.
pub(crate) fn rectify<T: Element>(x: &Var<T>, slope: f64) -> Var<T> {
    let (y, bits) = x.value().rectify(slope);
    record(Lin(Gate { bits, on: 1.0, off: slope }), &[x], y, Vec::new())
}
