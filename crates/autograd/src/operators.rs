//! `+ - * /` and negation for variables, owned or borrowed, and [`Lane`] for them, so that derivatives written for numbers
//! are written for variables too.

use std::ops::{Add, Div, Mul, Neg, Sub};

use impasto_tensor::{Element, Lane, Tensor};

use crate::fns;
use crate::ops;
use crate::var::Var;

macro_rules! operator {
    ($($trait:ident $method:ident = $function:path;)*) => {$(
        impl<T: Element> $trait for &Var<T> {
            type Output = Var<T>;
            #[track_caller]
            fn $method(self, other: Self) -> Var<T> { $function(self, other) }
        }
        impl<T: Element> $trait for Var<T> {
            type Output = Var<T>;
            #[track_caller]
            fn $method(self, other: Self) -> Var<T> { $function(&self, &other) }
        }
        impl<T: Element> $trait<&Var<T>> for Var<T> {
            type Output = Var<T>;
            #[track_caller]
            fn $method(self, other: &Self) -> Var<T> { $function(&self, other) }
        }
        impl<T: Element> $trait<Var<T>> for &Var<T> {
            type Output = Var<T>;
            #[track_caller]
            fn $method(self, other: Var<T>) -> Var<T> { $function(self, &other) }
        }
    )*};
}
operator! {
    Add add = ops::add;
    Sub sub = ops::sub;
    Mul mul = ops::mul;
    Div div = fns::div;
}

macro_rules! with_number {
    ($($trait:ident $method:ident |$x:ident, $c:ident| $scale:expr, $shift:expr;)*) => {$(
        impl<T: Element> $trait<f64> for &Var<T> {
            type Output = Var<T>;
            fn $method(self, $c: f64) -> Var<T> { ops::affine(self, $scale, $shift) }
        }
        impl<T: Element> $trait<f64> for Var<T> {
            type Output = Var<T>;
            fn $method(self, $c: f64) -> Var<T> { ops::affine(&self, $scale, $shift) }
        }
    )*};
}
with_number! {
    Add add |x, c| 1.0, c;
    Sub sub |x, c| 1.0, -c;
    Mul mul |x, c| c, 0.0;
    Div div |x, c| 1.0 / c, 0.0;
}

impl<T: Element> Neg for &Var<T> {
    type Output = Var<T>;
    fn neg(self) -> Var<T> {
        ops::affine(self, -1.0, 0.0)
    }
}
impl<T: Element> Neg for Var<T> {
    type Output = Self;
    fn neg(self) -> Self {
        -&self
    }
}

impl<T: Element> Lane for Var<T> {
    /// A scalar constant; it broadcasts.
    fn splat(v: f64) -> Self {
        Self::constant(Tensor::scalar(T::splat(v)))
    }
    fn exp(self) -> Self {
        ops::exp(&self)
    }
    fn ln(self) -> Self {
        ops::ln(&self)
    }
    fn ln_1p(self) -> Self {
        ops::ln_1p(&self)
    }
    fn sqrt(self) -> Self {
        ops::sqrt(&self)
    }
    fn tanh(self) -> Self {
        ops::tanh(&self)
    }
    fn erf(self) -> Self {
        ops::erf(&self)
    }
    fn sin(self) -> Self {
        ops::sin(&self)
    }
    fn cos(self) -> Self {
        ops::cos(&self)
    }
    fn abs(self) -> Self {
        fns::abs(&self)
    }
    fn max(self, other: Self) -> Self {
        // max(a, b) = b + relu(a - b)
        ops::add(&other, &fns::relu(&ops::sub(&self, &other)))
    }
    fn sigmoid(self) -> Self {
        ops::sigmoid(&self)
    }
    fn powf(self, exponent: f64) -> Self {
        ops::pow(&self, exponent)
    }
}
