//! The largest elements of windows. Where they stand is data; given that, picking them is linear.

use impasto_tensor::pool::{Indices, MaxPool};
use impasto_tensor::{Element, Random, Shape, ShapeError, Tensor};

use crate::kinds::{Lin, Linear};
use crate::op::{apply, record};
use crate::var::Var;

/// The elements at some places.
#[derive(Clone, Debug)]
pub(super) struct MaxPick(Indices);

/// Its adjoint: elements added at the places.
#[derive(Clone, Debug)]
pub(super) struct MaxSpread(Indices);

fn fits(op: &'static str, x: &Shape, want: &Shape) -> Result<(), ShapeError> {
    if x == want { Ok(()) } else { Err(ShapeError::new(op, format!("expected {want:?}, got {x:?}"))) }
}

/// Windows side by side, apart, and overlapping each other, the edge and the padding.
fn examples() -> [Indices; 4] {
    [(4, 2, 2, 0, false), (5, 2, 3, 0, false), (5, 3, 2, 0, true), (4, 3, 1, 1, false)].map(
        |(side, kernel, stride, padding, ceil)| {
            let x: Tensor<f64> = Random::new(0, 0).normal([1, 2, side, side], 0.0, 1.0);
            MaxPool { kernel, stride, padding, ceil }.run(&x).1
        },
    )
}

impl Linear for MaxPick {
    const NAME: &'static str = "max_pick";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        fits(Self::NAME, &x[0], self.0.input()).map(|()| *self.0.output())
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        self.0.pick(x[0])
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        apply(Lin(MaxSpread(self.0.clone())), &[g])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        examples().map(|places| (Self(places.clone()), vec![*places.input()])).into()
    }
}

impl Linear for MaxSpread {
    const NAME: &'static str = "max_spread";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        fits(Self::NAME, &x[0], self.0.output()).map(|()| *self.0.input())
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        self.0.spread(x[0])
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        apply(Lin(MaxPick(self.0.clone())), &[g])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        examples().map(|places| (Self(places.clone()), vec![*places.output()])).into()
    }
}

/// The largest element of each window, and the record of where it stood, in one pass.
#[track_caller]
pub(crate) fn pick_max<T: Element>(x: &Var<T>, pool: MaxPool) -> Var<T> {
    let (y, places) = pool.run(x.value());
    record(Lin(MaxPick(places)), &[x], y, Vec::new())
}
