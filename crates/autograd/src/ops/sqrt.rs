//! The square root.

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Sqrt;

impl Pointwise for Sqrt {
    const NAME: &'static str = "sqrt";
    const KEEPS: Keeps = Keeps::Output;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.sqrt()
    }
    #[inline]
    fn df<L: Lane>(&self, y: L) -> L {
        L::splat(0.5) / y
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [0.3, 4.0])]
    }
}

/// y = sqrt(x)
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g / (2 y)`
pub fn sqrt<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Sqrt), &[x])
}
