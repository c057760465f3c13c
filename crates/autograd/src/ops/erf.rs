//! The error function.

use std::f64::consts::FRAC_2_SQRT_PI;

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Erf;

impl Pointwise for Erf {
    const NAME: &'static str = "erf";
    const KEEPS: Keeps = Keeps::Input;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.erf()
    }
    #[inline]
    fn df<L: Lane>(&self, x: L) -> L {
        L::splat(FRAC_2_SQRT_PI) * (-(x.clone() * x)).exp()
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [-2.0, 2.0])]
    }
}

/// y = 2 / sqrt(pi) times the integral of e^-t^2 from 0 to x: the normal distribution's, but for scale.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `2 / sqrt(pi) g e^-x^2`
pub fn erf<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(Erf), &[x])
}
