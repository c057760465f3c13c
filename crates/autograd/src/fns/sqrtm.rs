//! Square roots of matrices, by products alone.

use impasto_tensor::{Element, Tensor};

use super::div;
use crate::ops::{affine, matmul, mul};
use crate::var::Var;

/// Steps for matrices that `f64` can hardly tell from singular ones; an eigenvalue far below 1 grows by 9/4 a step.
const STEPS: usize = 40;
/// From this distance on every step squares it, and so many reach the last place, derivatives included.
const NEAR: f64 = 0.1;
const STEPS_NEAR: usize = 5;

/// The square root of symmetric positive definite matrices: the one with positive eigenvalues.
///
/// # Shapes
/// `[.., M, M] -> [.., M, M]`
///
/// # Gradient
/// the solution `d` of `d y + y d = g`, found by differentiating the iteration; so are higher ones
///
/// # Accuracy
/// Where the largest eigenvalue is 1000 times the smallest, roots and their gradients err by less than 1e-13 of the largest
/// element in `f64` and 1e-4 in `f32`. The error grows with this ratio; where it comes near the digits of the element type (1e7
/// in `f32`, 1e15 in `f64`) the result need not be finite. Give matrices that may be singular, like covariances of few samples,
/// a small multiple of the identity: the derivative of a root at 0 is infinite.
///
/// # Source
/// Higham, "Functions of matrices", 2008, chapter 6: the Newton-Schulz iteration, coupled.
///
/// # Panics
/// If the last two axes differ.
#[track_caller]
pub fn sqrtm<T: Element>(x: &Var<T>) -> Var<T> {
    check("sqrtm", x);
    let [y, _, scale] = roots(x);
    mul(&y, &scale)
}

/// The inverse of [`sqrtm`]: with covariances, what makes them the identity.
///
/// # Shapes
/// `[.., M, M] -> [.., M, M]`
///
/// # Gradient
/// as that of [`sqrtm`]
///
/// # Accuracy
/// as [`sqrtm`], the error once more larger by the root of the ratio
///
/// # Panics
/// If the last two axes differ.
#[track_caller]
pub fn inv_sqrtm<T: Element>(x: &Var<T>) -> Var<T> {
    check("inv_sqrtm", x);
    let [_, z, scale] = roots(x);
    div(&z, &scale)
}

#[track_caller]
fn check<T: Element>(name: &str, x: &Var<T>) {
    let square = matches!(x.shape()[..], [.., rows, columns] if rows == columns && rows > 0);
    assert!(square, "{name}: expected [.., M, M], got {:?}", x.shape());
}

/// `y = sqrt(x) / s`, `z = s / sqrt(x)` and `s`. From `y = x / s^2` and `z = 1` each step multiplies both by `t = (3 - z y) / 2`,
/// which brings every eigenvalue of `z y` nearer to 1 if it begins between 0 and 1. The roots do not depend on `s`: it is data.
fn roots<T: Element>(x: &Var<T>) -> [Var<T>; 3] {
    // A matrix of zeros is its own root.
    let scales = norms(x.value()).map(|norm| if norm > T::splat(0.0) { norm.sqrt() } else { T::splat(1.0) });
    let side = x.shape()[x.shape().len() - 1];
    let identity = Tensor::eye(side);
    let mut y = mul(x, &Var::constant(scales.map(|s| T::splat(1.0) / (s * s))));
    let mut z = Var::constant(identity.clone());
    let mut left = STEPS;
    while left > 0 {
        let product = matmul(&z, &y);
        let away = product.value().zip(&identity, |p, one| p - one);
        if norms(&away).max_value() < T::splat(NEAR) {
            left = left.min(STEPS_NEAR);
        }
        let t = affine(&product, -0.5, 0.0) + Var::constant(identity.map(|one| T::splat(1.5) * one));
        (y, z) = (matmul(&y, &t), matmul(&t, &z));
        left -= 1;
    }
    [y, z, Var::constant(scales)]
}

/// The largest sum of absolute values of a row, for each matrix: no eigenvalue is larger.
fn norms<T: Element>(x: &Tensor<T>) -> Tensor<T> {
    let (rank, side) = (x.rank(), x.shape()[x.rank() - 1]);
    let norm = |matrix: &[T]| {
        let sums = matrix.chunks(side).map(|row| row.iter().map(|v| v.abs()).sum());
        sums.fold(T::splat(0.0), T::max)
    };
    let shape = x.shape().with(rank - 2, 1).with(rank - 1, 1);
    Tensor::new(shape, x.data().chunks(side * side).map(norm).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backward::grad_keep;
    use crate::ops::sum;
    use impasto_tensor::Random;

    /// Eigenvalues from 1 down to 1 / `condition`, turned at random.
    fn matrix<T: Element>(side: usize, condition: f64) -> Var<T> {
        let mut random = Random::new(7, 0);
        let eigenvalues = Tensor::from_fn([side], |i| condition.powf(-(i as f64) / (side - 1) as f64));
        let mut x = Tensor::eye(side).zip(&eigenvalues, |one, value| one * value);
        for _ in 0..4 {
            // A reflection: 1 - 2 v vᵀ / (vᵀ v)
            let v: Tensor<f64> = random.normal([side, 1], 0.0, 1.0);
            let size = v.dot(&v);
            let h = Tensor::eye(side).zip(&v.matmul(&v.transpose()), |one, vv| one - 2.0 * vv / size);
            x = h.matmul(&x).matmul(&h);
        }
        Var::constant(x.cast())
    }

    fn largest<T: Element>(x: &Tensor<T>) -> f64 {
        x.map(T::abs).max_value().to_f64()
    }

    fn errors<T: Element>(side: usize, condition: f64) -> [f64; 2] {
        let x = matrix::<T>(side, condition);
        let (root, inverse) = (sqrtm(&x), inv_sqrtm(&x));
        let back = matmul(&root, &root) - &x;
        let one = matmul(&matmul(&inverse, &x), &inverse);
        let away = one.value().zip(matmul(&root, &inverse).value(), |a, b| a - b);
        [largest(back.value()) / largest(x.value()), largest(&away)]
    }

    #[test]
    fn roots_multiply_to_what_they_are_roots_of() {
        for side in [2, 5, 60] {
            for condition in [1.0, 10.0, 1e3] {
                let [root, inverse] = errors::<f64>(side, condition);
                assert!(root < 1e-13 && inverse < 1e-11, "{side}, {condition}: {root:e} {inverse:e}");
                let [root, inverse] = errors::<f32>(side, condition);
                assert!(root < 1e-5 && inverse < 1e-4, "{side}, {condition}: {root:e} {inverse:e}");
            }
        }
    }

    /// The gradient `d` of a root `y` solves `d y + y d = g`.
    fn gradient_error<T: Element>(side: usize, condition: f64) -> f64 {
        let x = Var::param(matrix::<T>(side, condition).into_value());
        let g = Var::constant(Random::new(8, 0).normal([side, side], 0.0, 1.0));
        let y = sqrtm(&x);
        let d = Var::constant(grad_keep(&sum(&mul(&y, &g)), &[&x]).remove(0));
        let away = matmul(&d, &y) + matmul(&y, &d) - &g;
        largest(away.value()) / largest(d.value())
    }

    #[test]
    fn gradients_solve_their_equation() {
        for side in [2, 5, 60] {
            let [double, single] = [gradient_error::<f64>(side, 1e3), gradient_error::<f32>(side, 1e3)];
            assert!(double < 1e-13 && single < 1e-5, "{side}: {double:e} {single:e}");
        }
    }

    #[test]
    fn size_does_not_matter() {
        for size in [1e-30, 1e30] {
            let x = matrix::<f32>(3, 10.0) * size;
            let root = sqrtm(&x) / size.sqrt();
            assert!(largest((matmul(&root, &root) - matrix(3, 10.0)).value()) < 1e-5);
        }
        let zero = Var::<f32>::constant(Tensor::zeros([2, 2]));
        assert_eq!(sqrtm(&zero).value(), zero.value());
    }

    #[test]
    #[should_panic(expected = "inv_sqrtm: expected [.., M, M], got [2, 3]")]
    fn a_matrix_that_is_not_square_is_refused() {
        let _ = inv_sqrtm(&Var::<f32>::constant(Tensor::zeros([2, 3])));
    }
}
