//! Tensors joined along an axis, and parts of one.

use impasto_tensor::{Element, Shape, ShapeError, Taps, Tensor};

use super::resample;
use crate::kinds::{Lin, Linear};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Concat {
    axis: usize,
}

impl Linear for Concat {
    const NAME: &'static str = "concat";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        let axis = self.axis;
        let fits = |s: &Shape| s.len() == x[0].len() && axis < s.len() && s.with(axis, 1) == x[0].with(axis, 1);
        if x.is_empty() || !x.iter().all(fits) {
            return Err(ShapeError::new(Self::NAME, format!("expected equal axes but {axis}, got {x:?}")));
        }
        Ok(x[0].with(axis, x.iter().map(|s| s[axis]).sum()))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        Tensor::concat(x, self.axis)
    }
    fn adjoint<T: Element>(&self, i: usize, x: &[Shape], g: &Var<T>) -> Var<T> {
        let start = x[..i].iter().map(|s| s[self.axis]).sum();
        narrow(g, self.axis, start, x[i][self.axis])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![
            (Self { axis: 1 }, [[2, 1, 2], [2, 3, 2], [2, 2, 2]].map(Shape::from).into()),
            (Self { axis: 0 }, [[1, 3], [2, 3]].map(Shape::from).into()),
        ]
    }
}

#[derive(Clone, Debug)]
pub(super) struct Narrow {
    axis: usize,
    start: usize,
    len: usize,
}

impl Linear for Narrow {
    const NAME: &'static str = "narrow";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        let Self { axis, start, len } = *self;
        if x[0].get(axis).is_some_and(|&n| start + len <= n) {
            return Ok(x[0].with(axis, len));
        }
        let detail = format!("places {start}..{} of axis {axis} do not all exist in {:?}", start + len, x[0]);
        Err(ShapeError::new(Self::NAME, detail))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].narrow(self.axis, self.start, self.len)
    }
    fn adjoint<T: Element>(&self, _: usize, x: &[Shape], g: &Var<T>) -> Var<T> {
        let after = x[0][self.axis] - self.start - self.len;
        resample(g, self.axis, &Taps::zeros(self.len, self.start, after))
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        let case = |axis, start, len| (Self { axis, start, len }, vec![Shape::new(&[4, 3, 2])]);
        vec![case(0, 1, 2), case(1, 0, 3), case(2, 1, 1), case(1, 2, 1)]
    }
}

/// The values joined along `axis`.
///
/// # Shapes
/// `[.., A, ..], [.., B, ..] -> [.., A + B, ..]`
///
/// # Gradient
/// each its part of `g`
#[track_caller]
pub fn concat<T: Element>(parts: &[&Var<T>], axis: usize) -> Var<T> {
    apply(Lin(Concat { axis }), parts)
}

/// Places `start..start + len` of `axis`.
///
/// # Gradient
/// `g` with zeros around it
#[track_caller]
pub fn narrow<T: Element>(x: &Var<T>, axis: usize, start: usize, len: usize) -> Var<T> {
    apply(Lin(Narrow { axis, start, len }), &[x])
}
