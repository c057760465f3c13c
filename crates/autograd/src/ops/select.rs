//! One of two values, chosen by a bit for each element. The bits are data: given them the operation is linear in both.

use impasto_tensor::{Bits, Element, Random, Shape, ShapeError, Tensor};

use super::gate;
use crate::kinds::{Lin, Linear};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Select {
    bits: Bits,
}

/// What the adjoint for each input multiplies by, where the bit is set and where not.
const FACTORS: [[f64; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];

impl Linear for Select {
    const NAME: &'static str = "select";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        let shape = *self.bits.shape();
        if x.iter().all(|x| x.broadcast(&shape) == Some(shape)) {
            return Ok(shape);
        }
        Err(ShapeError::new(Self::NAME, format!("bits of {shape:?} do not choose between {:?} and {:?}", x[0], x[1])))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        let shape = *self.bits.shape();
        x[0].broadcast_to(shape).select(&x[1].broadcast_to(shape), &self.bits)
    }
    /// The engine sums `g` back to the input's shape.
    fn adjoint<T: Element>(&self, i: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        let [on, off] = FACTORS[i];
        gate(g, self.bits.clone(), on, off)
    }
    fn adjoint_fast<T: Element>(&self, i: usize, _: &[Shape], g: Tensor<T>) -> Tensor<T> {
        let [on, off] = FACTORS[i];
        g.gate(&self.bits, on, off)
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        let x: Tensor<f64> = Random::new(0, 0).normal([3, 30], 0.0, 1.0);
        let case = |a: &[usize], b: &[usize]| (Self { bits: x.positive() }, vec![Shape::new(a), Shape::new(b)]);
        vec![case(&[3, 30], &[3, 30]), case(&[], &[3, 30]), case(&[3, 1], &[30])]
    }
}

/// y = a where the bit is set, b where not; both stretch to the shape of the bits. Other libraries call it `where`.
///
/// ```
/// use impasto_autograd::{Var, ops};
/// use impasto_tensor::Tensor;
/// let x = Var::param(Tensor::<f64>::new([3], vec![-1.0, 2.0, f64::INFINITY]));
/// let finite = x.value().bits(f64::is_finite);
/// assert_eq!(ops::select(finite, &x, &Tensor::scalar(0.0).into()).value().data(), [-1.0, 2.0, 0.0]);
/// ```
///
/// # Shapes
/// two that stretch to the bits' `->` the bits'
///
/// # Gradient
/// `g` where the element was taken, 0 where not
#[track_caller]
pub fn select<T: Element>(bits: Bits, a: &Var<T>, b: &Var<T>) -> Var<T> {
    apply(Lin(Select { bits }), &[a, b])
}
