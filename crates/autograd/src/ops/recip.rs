//! The reciprocal.

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Recip;

impl Pointwise for Recip {
    const NAME: &'static str = "recip";
    const KEEPS: Keeps = Keeps::Output;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        L::splat(1.0) / x
    }
    #[inline]
    fn df<L: Lane>(&self, y: L) -> L {
        -(y.clone() * y)
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [0.4, 3.0]), (Self, [-3.0, -0.4])]
    }
}

/// y = 1 / x
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `-g y^2`
pub fn recip<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Recip), &[x])
}
