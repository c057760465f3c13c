//! The hyperbolic tangent.

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Tanh;

impl Pointwise for Tanh {
    const NAME: &'static str = "tanh";
    const KEEPS: Keeps = Keeps::Output;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.tanh()
    }
    #[inline]
    fn df<L: Lane>(&self, y: L) -> L {
        L::splat(1.0) - y.clone() * y
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [-3.0, 3.0])]
    }
}

/// y = tanh(x)
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g (1 - y^2)`
pub fn tanh<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Tanh), &[x])
}
