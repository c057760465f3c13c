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
pub(super) struct ExpM1;

impl Pointwise for ExpM1 {
    const NAME: &'static str = "exp_m1";
    const KEEPS: Keeps = Keeps::Input;
    /// (1 + t) / (1 - t) = e^x for t = tanh(x / 2), rearranged so that nothing is subtracted.
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        let t = (L::splat(0.5) * x.clone()).tanh();
        x.max(L::splat(0.0)).exp() * (t.clone() + t.clone()) / (L::splat(1.0) + t.abs())
    }
    #[inline]
    fn df<L: Lane>(&self, x: L) -> L {
        x.exp()
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

/// y = e^x - 1, accurate near zero.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g e^x`
pub fn exp_m1<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Map(ExpM1), &[x])
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Tensor;

    #[test]
    fn exp_m1_keeps_its_places_near_zero_and_far_from_it() {
        fn check<T: Element>(x: &[f64], within: f64) {
            let y = exp_m1(&Var::constant(Tensor::<T>::from_fn([x.len()], |i| T::splat(x[i]))));
            for (&x, y) in x.iter().zip(y.value().data()) {
                let want = T::splat(T::splat(x).to_f64().exp_m1()).to_f64();
                let close = y.to_f64() == want || (y.to_f64() - want).abs() <= within * want.abs();
                assert!(close, "{x}: {y}, want {want}");
            }
        }
        let x = [0.0, 1e-30, -1e-9, 3e-4, -0.3, 0.6, -5.0, 20.0, 80.0, -200.0, 1e4, f64::INFINITY, f64::NEG_INFINITY];
        check::<f64>(&x, 1e-15);
        check::<f32>(&x, 5e-7);
    }
}
