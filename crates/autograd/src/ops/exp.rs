//! Exponential and logarithms.

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Exp;

impl Pointwise for Exp {
    const NAME: &'static str = "exp";
    const KEEPS: Keeps = Keeps::Output;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.exp()
    }
    #[inline]
    fn df<L: Lane>(&self, y: L) -> L {
        y
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [-3.0, 3.0]), (Self, [-40.0, -30.0])]
    }
}

#[derive(Clone, Debug)]
pub(super) struct Ln;

impl Pointwise for Ln {
    const NAME: &'static str = "ln";
    const KEEPS: Keeps = Keeps::Input;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.ln()
    }
    #[inline]
    fn df<L: Lane>(&self, x: L) -> L {
        L::splat(1.0) / x
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [0.3, 3.0])]
    }
}

#[derive(Clone, Debug)]
pub(super) struct Ln1p;

impl Pointwise for Ln1p {
    const NAME: &'static str = "ln_1p";
    const KEEPS: Keeps = Keeps::Input;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.ln_1p()
    }
    #[inline]
    fn df<L: Lane>(&self, x: L) -> L {
        L::splat(1.0) / (L::splat(1.0) + x)
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [-0.5, 2.0])]
    }
}

/// y = e^x
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g y`
pub fn exp<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Exp), &[x])
}

/// y = ln x
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g / x`
pub fn ln<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Ln), &[x])
}

/// y = ln(1 + x), accurate near zero.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g / (1 + x)`
pub fn ln_1p<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Ln1p), &[x])
}
