//! A straight line: scale and shift by constants.

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Affine {
    scale: f64,
    shift: f64,
}

impl Pointwise for Affine {
    const NAME: &'static str = "affine";
    const KEEPS: Keeps = Keeps::Nothing;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x * L::splat(self.scale) + L::splat(self.shift)
    }
    #[inline]
    fn df<L: Lane>(&self, _: L) -> L {
        L::splat(self.scale)
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        [(-1.5, 0.25), (3.0, 0.0)].map(|(scale, shift)| (Self { scale, shift }, [-2.0, 2.0])).into()
    }
}

/// y = scale x + shift
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `scale g`
pub fn affine<T: Element>(x: &Var<T>, scale: f64, shift: f64) -> Var<T> {
    apply(Map(Affine { scale, shift }), &[x])
}
