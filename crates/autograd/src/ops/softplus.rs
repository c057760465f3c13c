//! The smooth ramp that logistic losses are made of.

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Softplus;

impl Pointwise for Softplus {
    const NAME: &'static str = "softplus";
    const KEEPS: Keeps = Keeps::Input;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.clone().max(L::splat(0.0)) + (-x.abs()).exp().ln_1p()
    }
    #[inline]
    fn df<L: Lane>(&self, x: L) -> L {
        x.sigmoid()
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [-3.0, 3.0]), (Self, [30.0, 50.0]), (Self, [-50.0, -30.0])]
    }
}

/// y = ln(1 + e^x), without overflow.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g sigmoid(x)`
pub fn softplus<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Softplus), &[x])
}
