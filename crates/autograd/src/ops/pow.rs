//! Powers with a constant exponent.

use impasto_tensor::{Element, Lane};

use crate::kinds::{Keeps, Map, Pointwise};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Pow {
    exponent: f64,
}

impl Pointwise for Pow {
    const NAME: &'static str = "pow";
    const KEEPS: Keeps = Keeps::Input;
    #[inline]
    fn f<L: Lane>(&self, x: L) -> L {
        x.powf(self.exponent)
    }
    /// A constant has no slope at 0 either, where the formula would be 0 times infinity.
    #[inline]
    fn df<L: Lane>(&self, x: L) -> L {
        let scale = L::splat(self.exponent);
        if self.exponent == 0.0 { scale } else { scale * x.powf(self.exponent - 1.0) }
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        [(2.5, [0.3, 2.0]), (-0.7, [0.4, 2.0]), (3.0, [-2.0, 2.0]), (1.0, [-1.0, 1.0]), (-2.0, [-2.0, -0.5])]
            .map(|(exponent, range)| (Self { exponent }, range))
            .into()
    }
}

/// y = x^exponent. Negative `x` wants a whole exponent; other powers of it are NaN.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `exponent g x^(exponent - 1)`
pub fn pow<T: Element>(x: &Var<T>, exponent: f64) -> Var<T> {
    apply(Map(Pow { exponent }), &[x])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::sum;
    use crate::{grad, grad_graph};
    use impasto_tensor::Tensor;

    /// The first, second and third derivative at 0.
    fn derivatives(exponent: f64) -> [f64; 3] {
        let x = Var::param(Tensor::<f64>::scalar(0.0));
        let first = grad_graph(&pow(&x, exponent), &[&x]).remove(0);
        let second = grad_graph(&sum(&first), &[&x]).remove(0);
        [first.item(), second.item(), grad(&sum(&second), &[&x])[0].item()]
    }

    #[test]
    fn derivatives_at_zero_are_those_of_the_polynomial() {
        assert_eq!(derivatives(0.0), [0.0, 0.0, 0.0]);
        assert_eq!(derivatives(1.0), [1.0, 0.0, 0.0]);
        assert_eq!(derivatives(2.0), [0.0, 2.0, 0.0]);
        assert_eq!(derivatives(3.0), [0.0, 0.0, 6.0]);
    }
}
