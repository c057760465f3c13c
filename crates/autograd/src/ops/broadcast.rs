//! Stretching axes of length one, and its adjoint, summing them back.

use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use super::{affine, reshape};
use crate::kinds::{Lin, Linear};
use crate::op::apply;
use crate::var::Var;

/// Pairs of a small shape and one that it stretches to.
fn pairs() -> [(Shape, Shape); 4] {
    [
        (Shape::new(&[3, 1]), Shape::new(&[2, 3, 4])),
        (Shape::new(&[]), Shape::new(&[5])),
        (Shape::new(&[2, 1, 2]), Shape::new(&[2, 3, 2])),
        (Shape::new(&[1, 3, 1, 1]), Shape::new(&[2, 3, 2, 2])),
    ]
}

fn stretches(op: &'static str, small: &Shape, large: &Shape) -> Result<(), ShapeError> {
    if small.broadcast(large) == Some(*large) {
        return Ok(());
    }
    Err(ShapeError::new(op, format!("{small:?} does not stretch to {large:?}")))
}

#[derive(Clone, Debug)]
pub(super) struct BroadcastTo(Shape);

impl Linear for BroadcastTo {
    const NAME: &'static str = "broadcast_to";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        stretches(Self::NAME, &x[0], &self.0).map(|()| self.0)
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].broadcast_to(self.0)
    }
    /// The engine sums `g` back to the input's shape.
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        g.clone()
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        pairs().map(|(small, large)| (Self(large), vec![small])).into()
    }
}

#[derive(Clone, Debug)]
pub(super) struct SumTo(Shape);

impl Linear for SumTo {
    const NAME: &'static str = "sum_to";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        stretches(Self::NAME, &self.0, &x[0]).map(|()| self.0)
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].sum_to(self.0)
    }
    fn adjoint<T: Element>(&self, _: usize, x: &[Shape], g: &Var<T>) -> Var<T> {
        broadcast_to(g, x[0])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        pairs().map(|(small, large)| (Self(small), vec![large])).into()
    }
}

/// `x` repeated along axes of length 1 to `shape`.
///
/// # Gradient
/// `g` summed back
#[track_caller]
pub fn broadcast_to<T: Element>(x: &Var<T>, shape: impl Into<Shape>) -> Var<T> {
    apply(Lin(BroadcastTo(shape.into())), &[x])
}

/// `x` summed along the axes that `shape` would have to be stretched along.
///
/// # Gradient
/// `g` repeated
#[track_caller]
pub fn sum_to<T: Element>(x: &Var<T>, shape: impl Into<Shape>) -> Var<T> {
    apply(Lin(SumTo(shape.into())), &[x])
}

/// The sum of all elements.
///
/// # Shapes
/// any `-> []`
///
/// # Gradient
/// `g` repeated
pub fn sum<T: Element>(x: &Var<T>) -> Var<T> {
    sum_to(x, [])
}

/// The mean of all elements.
///
/// # Shapes
/// any `-> []`
///
/// # Gradient
/// `g / n` repeated
pub fn mean<T: Element>(x: &Var<T>) -> Var<T> {
    affine(&sum(x), 1.0 / x.value().len() as f64, 0.0)
}

/// The sum over `axes`, which disappear.
///
/// # Gradient
/// `g` repeated
#[track_caller]
pub fn sum_axes<T: Element>(x: &Var<T>, axes: &[usize]) -> Var<T> {
    let mut kept = *x.shape();
    for &axis in axes {
        kept = kept.with(axis, 1);
    }
    let left: Vec<usize> = (0..x.shape().len()).filter(|a| !axes.contains(a)).map(|a| x.shape()[a]).collect();
    reshape(&sum_to(x, kept), left.as_slice())
}

/// The mean over `axes`, which disappear.
///
/// # Gradient
/// `g / n` repeated
#[track_caller]
pub fn mean_axes<T: Element>(x: &Var<T>, axes: &[usize]) -> Var<T> {
    let sum = sum_axes(x, axes);
    affine(&sum, sum.value().len() as f64 / x.value().len() as f64, 0.0)
}
