//! Derivatives beyond the gradient, all made of backward walks: products with the Jacobian and the Hessian, and, for small
//! functions, the matrices themselves.

use impasto_tensor::{Element, Tensor};

use crate::backward::{grad_graph, vjp};
use crate::ops::{add, concat, mul, reshape, sum};
use crate::var::Var;

/// The sum of the inner products of pairs.
///
/// # Panics
/// If there are none, or not as many of both, or the shapes of a pair differ.
#[track_caller]
fn inner<T: Element>(op: &str, a: &[Var<T>], b: &[&Var<T>]) -> Var<T> {
    assert!(
        !a.is_empty() && a.len() == b.len(),
        "{op}: expected a direction for each input, got {} for {}",
        b.len(),
        a.len()
    );
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!(a.shape() == b.shape(), "{op}: input {i} is {:?}, its direction {:?}", a.shape(), b.shape());
    }
    let terms = a.iter().zip(b).map(|(a, b)| sum(&mul(a, b)));
    terms.reduce(|a, b| add(&a, &b)).expect("at least one input")
}

/// The product of the Jacobian of `y` for `wrt` with a direction: how fast `y` changes if each input moves along its own.
///
/// The gradient of `<u, y>` for the inputs is linear in u; its own gradient for u along the direction is the product. Two
/// walks, and differentiable again.
///
/// ```
/// use impasto_autograd::{Var, jvp};
/// use impasto_tensor::Tensor;
/// let x = Var::<f64>::param(Tensor::new([2], vec![1.0, 2.0]));
/// let v = Var::constant(Tensor::new([2], vec![10.0, 1.0]));
/// assert_eq!(jvp(&(&x * &x), &[&x], &[&v]).value().data(), [20.0, 4.0]); // 2 x v
/// ```
///
/// # Panics
/// If a direction has not the shape of its input, one of `wrt` is a constant, or the graph was consumed before.
#[track_caller]
pub fn jvp<T: Element>(y: &Var<T>, wrt: &[&Var<T>], direction: &[&Var<T>]) -> Var<T> {
    let seed = Var::param(Tensor::zeros(y.shape()));
    let along = inner("jvp", &vjp(y, &seed, wrt), direction);
    grad_graph(&along, &[&seed]).remove(0)
}

/// The product of the Hessian of `loss` for `wrt` with a direction, without the Hessian: the gradient of how fast the loss
/// changes along it. Differentiable again.
///
/// ```
/// use impasto_autograd::{Var, hvp, ops::sum};
/// use impasto_tensor::Tensor;
/// let x = Var::<f64>::param(Tensor::new([2], vec![1.0, 2.0]));
/// let v = Var::constant(Tensor::new([2], vec![1.0, 1.0]));
/// assert_eq!(hvp(&sum(&(&x * &x * &x)), &[&x], &[&v])[0].value().data(), [6.0, 12.0]); // 6 x v
/// ```
///
/// # Panics
/// As [`jvp`], and if `loss` is not one number.
///
/// # Source
/// Pearlmutter, "Fast exact multiplication by the Hessian", 1994.
#[track_caller]
pub fn hvp<T: Element>(loss: &Var<T>, wrt: &[&Var<T>], direction: &[&Var<T>]) -> Vec<Var<T>> {
    let slope = inner("hvp", &grad_graph(loss, wrt), direction);
    grad_graph(&slope, wrt)
}

/// The Jacobian of `y` for `x`, a row for each element of `y`: as many walks. Differentiable again.
///
/// # Shapes
/// `[elements of y, elements of x]`, each row by row
///
/// # Panics
/// If `x` is a constant, `y` has no elements, or the graph was consumed before.
#[track_caller]
pub fn jacobian<T: Element>(y: &Var<T>, x: &Var<T>) -> Var<T> {
    let n = y.value().len();
    assert!(n > 0, "jacobian: y has no elements");
    let mut rows = Vec::with_capacity(n);
    for i in 0..n {
        let mut seed = Tensor::zeros(y.shape());
        seed.data_mut()[i] = T::splat(1.0);
        rows.push(reshape(&vjp(y, &Var::constant(seed), &[x]).remove(0), [1, x.value().len()]));
    }
    concat(&rows.iter().collect::<Vec<_>>(), 0)
}

/// The Hessian of `loss` for `x`: the Jacobian of its gradient. Differentiable again.
///
/// ```
/// use impasto_autograd::{Var, hessian, ops::sum};
/// use impasto_tensor::Tensor;
/// let x = Var::<f64>::param(Tensor::new([2], vec![1.0, 2.0]));
/// let loss = sum(&(&x * &x * &x));
/// assert_eq!(hessian(&loss, &x).value().data(), [6.0, 0.0, 0.0, 12.0]);
/// ```
///
/// # Shapes
/// `[elements of x, elements of x]`
///
/// # Panics
/// As [`jacobian`], and if `loss` is not one number.
#[track_caller]
pub fn hessian<T: Element>(loss: &Var<T>, x: &Var<T>) -> Var<T> {
    jacobian(&grad_graph(loss, &[x]).remove(0), x)
}
