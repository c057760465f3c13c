//! Sine and cosine.

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Sin;

impl Pointwise for Sin {
    const NAME: &'static str = "sin";
    const KEEPS: Keeps = Keeps::Input;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.sin()
    }
    #[inline]
    fn df<L: Lane>(&self, x: L) -> L {
        x.cos()
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [-4.0, 4.0])]
    }
}

#[derive(Clone, Debug)]
pub(super) struct Cos;

impl Pointwise for Cos {
    const NAME: &'static str = "cos";
    const KEEPS: Keeps = Keeps::Input;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.cos()
    }
    #[inline]
    fn df<L: Lane>(&self, x: L) -> L {
        -x.sin()
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [-4.0, 4.0])]
    }
}

/// y = sin x, x in radians
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g cos(x)`
pub fn sin<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Sin), &[x])
}

/// y = cos x, x in radians
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `-g sin(x)`
pub fn cos<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Cos), &[x])
}
