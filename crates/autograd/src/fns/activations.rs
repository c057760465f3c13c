//! Smooth activations of networks.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

use impasto_tensor::Element;

use super::clamp;
use crate::ops::{add, affine, erf, exp_m1, mul, select, sigmoid, tanh};
use crate::var::Var;

/// y = x where x > 0, else alpha (e^x - 1).
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g` where `x > 0`, else `alpha g e^x`
///
/// # Source
/// Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units", 2016.
pub fn elu<T: Element>(x: &Var<T>, alpha: f64) -> Var<T> {
    // Clamped, because a large x would overflow on the side that is not taken, and its gradient be 0 times infinity.
    let below = exp_m1(&clamp(x, f64::NEG_INFINITY, 0.0));
    select(x.value().positive(), x, &affine(&below, alpha, 0.0))
}

/// y = x sigmoid(x), also called swish.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g s (1 + x (1 - s))` with `s = sigmoid(x)`
///
/// # Source
/// Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation", 2018.
pub fn silu<T: Element>(x: &Var<T>) -> Var<T> {
    mul(x, &sigmoid(x))
}

/// y = x times the probability that a normal number lies below x, (1 + erf(x / sqrt(2))) / 2.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g (y / x + x e^(-x^2 / 2) / sqrt(2 pi))`
///
/// # Source
/// Hendrycks and Gimpel, "Gaussian error linear units", 2016.
pub fn gelu<T: Element>(x: &Var<T>) -> Var<T> {
    mul(x, &affine(&erf(&affine(x, FRAC_1_SQRT_2, 0.0)), 0.5, 0.5))
}

/// [`gelu`] with a hyperbolic tangent for the error function: y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// that of this formula
///
/// # Source
/// Hendrycks and Gimpel, "Gaussian error linear units", 2016, section 2.
pub fn gelu_tanh<T: Element>(x: &Var<T>) -> Var<T> {
    let cubic = add(x, &affine(&mul(&mul(x, x), x), 0.044_715, 0.0));
    mul(x, &affine(&tanh(&affine(&cubic, FRAC_2_PI.sqrt(), 0.0)), 0.5, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grad;
    use crate::ops::sum;
    use impasto_tensor::Tensor;

    #[test]
    fn large_inputs_neither_overflow_nor_lose_their_gradient() {
        let x = Var::param(Tensor::<f32>::new([4], vec![-1e6, 0.0, 200.0, 1e6]));
        let slope = |f: &dyn Fn(&Var<f32>) -> Var<f32>| grad(&sum(&f(&x)), &[&x]).remove(0);
        assert_eq!(elu(&x, 2.0).value().data(), [-2.0, 0.0, 200.0, 1e6]);
        assert_eq!(slope(&|x| elu(x, 2.0)).data(), [0.0, 2.0, 1.0, 1.0]);
        for f in [silu, gelu, gelu_tanh] {
            assert_eq!(f(&x).value().data(), [0.0, 0.0, 200.0, 1e6]);
            assert_eq!(slope(&f).data(), [0.0, 0.5, 1.0, 1.0]);
        }
    }
}
