//! The logistic function.

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Sigmoid;

impl Pointwise for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const KEEPS: Keeps = Keeps::Output;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.sigmoid()
    }
    #[inline]
    fn df<L: Lane>(&self, y: L) -> L {
        y.clone() * (L::splat(1.0) - y)
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [-4.0, 4.0])]
    }
}

/// y = 1 / (1 + e^-x)
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g y (1 - y)`
pub fn sigmoid<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Sigmoid), &[x])
}
