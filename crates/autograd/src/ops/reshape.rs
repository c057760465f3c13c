//! The same elements under another shape.

use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use crate::kinds::{Lin, Linear};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Reshape(Shape);

impl Linear for Reshape {
    const NAME: &'static str = "reshape";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        if x[0].size() == self.0.size() {
            return Ok(self.0);
        }
        Err(ShapeError::new(Self::NAME, format!("{:?} does not hold the elements of {:?}", self.0, x[0])))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].reshape(self.0)
    }
    fn adjoint<T: Element>(&self, _: usize, x: &[Shape], g: &Var<T>) -> Var<T> {
        reshape(g, x[0])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self(Shape::new(&[3, 4])), vec![Shape::new(&[2, 6])])]
    }
}

/// The elements of `x`, row by row, under `shape`; nothing is copied.
///
/// # Gradient
/// `g` under the shape of `x`
#[track_caller]
pub fn reshape<T: Element>(x: &Var<T>, shape: impl Into<Shape>) -> Var<T> {
    apply(Lin(Reshape(shape.into())), &[x])
}
