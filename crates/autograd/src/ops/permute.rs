//! Axes in another order.

use impasto_tensor::{Element, MAX_RANK, Shape, ShapeError, Tensor};

use crate::kinds::{Lin, Linear};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Permute(Vec<usize>);

impl Linear for Permute {
    const NAME: &'static str = "permute";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        if self.0.len() != x[0].len() || (0..x[0].len()).any(|axis| !self.0.contains(&axis)) {
            return Err(ShapeError::new(Self::NAME, format!("{:?} does not order the axes of {:?}", self.0, x[0])));
        }
        Ok(Shape::new(&self.0.iter().map(|&axis| x[0][axis]).collect::<Vec<_>>()))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].permute(&self.0)
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        let mut back = vec![0; self.0.len()];
        for (to, &from) in self.0.iter().enumerate() {
            back[from] = to;
        }
        permute(g, &back)
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![
            (Self(vec![2, 0, 1]), vec![Shape::new(&[2, 3, 4])]),
            (Self(vec![0, 3, 1, 2]), vec![Shape::new(&[2, 1, 3, 2])]),
        ]
    }
}

/// Axis `i` of the result is axis `order[i]` of `x`.
///
/// # Gradient
/// the inverse order on `g`
#[track_caller]
pub fn permute<T: Element>(x: &Var<T>, order: &[usize]) -> Var<T> {
    apply(Lin(Permute(order.to_vec())), &[x])
}

/// The last two axes exchanged.
///
/// # Shapes
/// `[.., A, B] -> [.., B, A]`
///
/// # Gradient
/// `g` transposed
#[track_caller]
pub fn transpose<T: Element>(x: &Var<T>) -> Var<T> {
    let rank = x.shape().len();
    assert!(rank >= 2, "transpose: expected at least two axes, got {:?}", x.shape());
    let mut order: [usize; MAX_RANK] = std::array::from_fn(|i| i);
    order.swap(rank - 2, rank - 1);
    permute(x, &order[..rank])
}
