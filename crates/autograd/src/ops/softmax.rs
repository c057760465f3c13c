//! Softmax and its logarithm over the last axis, in one pass each way.

use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use super::{exp, sub};
use crate::fns::logsumexp;
use crate::kinds::Fused;
use crate::op::Saved;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(crate) struct Softmax;

#[derive(Clone, Debug)]
pub(crate) struct LogSoftmax;

fn same(op: &'static str, x: &Shape) -> Result<Shape, ShapeError> {
    if x.is_empty() { Err(ShapeError::new(op, "expected at least one axis".to_owned())) } else { Ok(*x) }
}

fn examples() -> [Shape; 2] {
    [Shape::new(&[3, 4]), Shape::new(&[5])]
}

impl Fused for Softmax {
    const NAME: &'static str = "softmax";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        same(Self::NAME, &x[0])
    }
    fn reference<T: Element>(&self, x: &[Var<T>]) -> Var<T> {
        exp(&sub(&x[0], &logsumexp(&x[0])))
    }
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        let y = x[0].softmax_rows();
        (y.clone(), vec![y])
    }
    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        vec![Some(saved.beside()[0].softmax_rows_gradient(g))]
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        examples().map(|shape| (Self, vec![shape])).into()
    }
}

impl Fused for LogSoftmax {
    const NAME: &'static str = "log_softmax";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        same(Self::NAME, &x[0])
    }
    fn reference<T: Element>(&self, x: &[Var<T>]) -> Var<T> {
        sub(&x[0], &logsumexp(&x[0]))
    }
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        let y = x[0].log_softmax_rows();
        (y.clone(), vec![y])
    }
    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        vec![Some(saved.beside()[0].log_softmax_rows_gradient(g))]
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        examples().map(|shape| (Self, vec![shape])).into()
    }
}
