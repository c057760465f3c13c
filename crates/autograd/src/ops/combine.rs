//! Sums and differences of two values.

use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use super::affine;
use crate::kinds::{Lin, Linear};
use crate::op::apply;
use crate::var::Var;

/// y = p a + q b, broadcast.
#[derive(Clone, Debug)]
pub(super) struct Combine {
    name: &'static str,
    factors: [f64; 2],
}

impl Combine {
    /// a + b
    pub(super) const SUM: Self = Self { name: "add", factors: [1.0, 1.0] };
}

impl Linear for Combine {
    const NAME: &'static str = "add";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        let mistake = || ShapeError::new(self.name, format!("{:?} and {:?} do not broadcast", x[0], x[1]));
        x[0].broadcast(&x[1]).ok_or_else(mistake)
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        let [p, q] = self.factors.map(T::splat);
        match self.factors {
            [1.0, 1.0] => x[0].zip(x[1], |a, b| a + b),
            [1.0, -1.0] => x[0].zip(x[1], |a, b| a - b),
            _ => x[0].zip(x[1], |a, b| p * a + q * b),
        }
    }
    /// The engine sums `g` back to the input's shape.
    fn adjoint<T: Element>(&self, i: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        match self.factors[i] {
            1.0 => g.clone(),
            factor => affine(g, factor, 0.0),
        }
    }
    fn adjoint_fast<T: Element>(&self, i: usize, _: &[Shape], g: Tensor<T>) -> Tensor<T> {
        match self.factors[i] {
            1.0 => g,
            factor => g.into_map(|g| T::splat(factor) * g),
        }
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        let case =
            |factors, a: &[usize], b: &[usize]| (Self { name: "add", factors }, vec![Shape::new(a), Shape::new(b)]);
        vec![
            case([1.0, 1.0], &[3, 2], &[3, 2]),
            case([1.0, 1.0], &[2, 3, 4], &[3, 1]),
            case([1.0, -1.0], &[4], &[2, 4]),
            case([0.5, -2.0], &[], &[3]),
        ]
    }
}

/// y = a + b, broadcast.
///
/// # Gradient
/// `g` for both, summed back where an input was stretched
#[track_caller]
pub fn add<T: Element>(a: &Var<T>, b: &Var<T>) -> Var<T> {
    apply(Lin(Combine::SUM), &[a, b])
}

/// y = a - b, broadcast.
///
/// # Gradient
/// `g` and `-g`, summed back where an input was stretched
#[track_caller]
pub fn sub<T: Element>(a: &Var<T>, b: &Var<T>) -> Var<T> {
    apply(Lin(Combine { name: "sub", factors: [1.0, -1.0] }), &[a, b])
}
