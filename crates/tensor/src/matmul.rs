//! Batched matrix products of plain and transposed matrices.

use crate::element::Element;
use crate::gemm::Gemm;
use crate::loops::Loops;
use crate::parallel;
use crate::shape::{OrPanic, Shape, ShapeError};
use crate::tensor::Tensor;
use crate::work;

/// Multiplications that make a task of a batch.
const TASK: usize = 1 << 18;

/// How the last two axes of the operands are read: `transpose_a` takes `a` as `[.., K, M]`, `transpose_b` takes `b` as
/// `[.., N, K]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatMul {
    /// Read `a` transposed.
    pub transpose_a: bool,
    /// Read `b` transposed.
    pub transpose_b: bool,
}

impl MatMul {
    /// The shape of the product: `[.., M, K] x [.., K, N] -> [.., M, N]`. The leading axes are a batch and broadcast: a
    /// matrix without them, or with axes of length 1, serves the whole batch.
    ///
    /// # Errors
    /// If the inner lengths differ or the batch axes do not broadcast.
    pub fn shape(self, a: &Shape, b: &Shape) -> Result<Shape, ShapeError> {
        let mistake = |what: &str| {
            let order = |t| if t { " (transposed)" } else { "" };
            let (ta, tb) = (order(self.transpose_a), order(self.transpose_b));
            ShapeError::new("matmul", format!("expected {what}, got {a:?}{ta} and {b:?}{tb}"))
        };
        if a.len() < 2 || b.len() < 2 {
            return Err(mistake("at least two axes each"));
        }
        let ([m, k], [k2, n]) = (self.a_dims(a), self.b_dims(b));
        if k != k2 {
            return Err(mistake("[.., M, K] and [.., K, N]"));
        }
        let Some(batch) = batch(a).broadcast(&batch(b)) else { return Err(mistake("batch axes that broadcast")) };
        Ok(Shape::new(&[&batch[..], &[m, n]].concat()))
    }

    fn a_dims(self, a: &[usize]) -> [usize; 2] {
        let [r, c] = [a[a.len() - 2], a[a.len() - 1]];
        if self.transpose_a { [c, r] } else { [r, c] }
    }

    fn b_dims(self, b: &[usize]) -> [usize; 2] {
        let [r, c] = [b[b.len() - 2], b[b.len() - 1]];
        if self.transpose_b { [c, r] } else { [r, c] }
    }

    /// The product.
    ///
    /// # Panics
    /// If the shapes do not fit, see [`shape`](MatMul::shape).
    #[track_caller]
    pub fn run<T: Element>(self, a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
        let shape = self.shape(a.shape(), b.shape()).or_panic();
        let ([m, k], [_, n]) = (self.a_dims(a.shape()), self.b_dims(b.shape()));
        let matrices = Loops::new(&batch(&shape), [&batch(a.shape()), &batch(b.shape())], |_| true);
        let a_strides = if self.transpose_a { (1, m) } else { (k, 1) };
        let b_strides = if self.transpose_b { (1, k) } else { (n, 1) };
        work::count(shape.iter().product::<usize>() * k);
        Tensor::build(shape, |out| {
            if m * n * k == 0 {
                return out.fill(T::splat(0.0));
            }
            let product = |matrix: usize, c: &mut [T]| {
                let [at_a, at_b] = matrices.point(matrix);
                let (a, b) = (&a.data()[at_a * m * k..], &b.data()[at_b * k * n..]);
                T::gemm(Gemm { m, k, n, a, a_strides, b, b_strides, beta: T::splat(0.0), c, c_stride: n });
            };
            // Small matrices share a task; a large one is shared out by the product itself.
            let together = (TASK / (m * n * k)).max(1);
            parallel::chunks(out, together * m * n, |task, out| {
                for (i, c) in out.chunks_mut(m * n).enumerate() {
                    product(task * together + i, c);
                }
            });
        })
    }
}

/// All axes but the last two.
fn batch(shape: &[usize]) -> Shape {
    Shape::new(&shape[..shape.len() - 2])
}

impl<T: Element> Tensor<T> {
    /// The matrix product of the last two axes; see [`MatMul`] for transposed operands.
    ///
    /// ```
    /// use impasto_tensor::Tensor;
    /// let a = Tensor::<f32>::new([2, 2], vec![1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(a.matmul(&a).data(), [7.0, 10.0, 15.0, 22.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes do not fit, see [`MatMul::shape`].
    #[track_caller]
    pub fn matmul(&self, other: &Self) -> Self {
        MatMul::default().run(self, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, index by index.
    fn reference(op: MatMul, a: &Tensor<f64>, b: &Tensor<f64>) -> Tensor<f64> {
        let shape = op.shape(a.shape(), b.shape()).unwrap();
        let ([m, k], [_, n]) = (op.a_dims(a.shape()), op.b_dims(b.shape()));
        Tensor::from_fn(shape, |flat| {
            let (matrix, i, j) = (flat / (m * n), flat / n % m, flat % n);
            let at = |t: &Tensor<f64>, r: usize, c: usize, transposed: bool| {
                let (rows, cols) = (t.shape()[t.rank() - 2], t.shape()[t.rank() - 1]);
                let start = if t.rank() > 2 { matrix * rows * cols } else { 0 };
                t.data()[start + if transposed { c * cols + r } else { r * cols + c }]
            };
            (0..k).map(|x| at(a, i, x, op.transpose_a) * at(b, x, j, op.transpose_b)).sum()
        })
    }

    #[test]
    fn every_transposition_and_batch_agrees_with_the_definition() {
        let t = |s: &[usize], f: f64| Tensor::<f64>::from_fn(s, |i| (i as f64 * f).sin());
        for (transpose_a, transpose_b) in [(false, false), (false, true), (true, false), (true, true)] {
            let op = MatMul { transpose_a, transpose_b };
            for (batch_a, batch_b, m, k, n) in
                [(0, 0, 3, 4, 5), (2, 2, 3, 4, 5), (0, 3, 2, 2, 2), (3, 0, 1, 7, 4), (1, 1, 300, 9, 5), (0, 0, 2, 0, 3)]
            {
                let dims = |batch: usize, r: usize, c: usize, t: bool| {
                    let (r, c) = if t { (c, r) } else { (r, c) };
                    if batch == 0 { vec![r, c] } else { vec![batch, r, c] }
                };
                let a = t(&dims(batch_a, m, k, transpose_a), 0.3);
                let b = t(&dims(batch_b, k, n, transpose_b), 0.7);
                let (got, want) = (op.run(&a, &b), reference(op, &a, &b));
                assert_eq!(got.shape(), want.shape());
                let worst = got.zip(&want, |g, w| (g - w).abs()).data().iter().fold(0.0, |m: f64, &v| m.max(v));
                assert!(worst < 1e-12, "{op:?}: {worst}");
            }
        }
    }

    #[test]
    fn batch_axes_broadcast() {
        let t = |s: &[usize]| Tensor::<f64>::from_fn(s, |i| (i as f64 * 0.3).sin());
        for (batch_a, batch_b, batch) in [
            (&[2, 1][..], &[3][..], &[2, 3][..]),
            (&[3], &[4, 2, 3], &[4, 2, 3]),
            (&[1, 2, 1], &[3, 1, 4], &[3, 2, 4]),
            (&[1], &[], &[1]),
            (&[0, 1], &[2], &[0, 2]),
        ] {
            let (a, b) = (t(&[batch_a, &[2, 3]].concat()), t(&[batch_b, &[3, 4]].concat()));
            let full = |x: &Tensor<f64>| x.broadcast_to([batch, &x.shape()[x.rank() - 2..]].concat().as_slice());
            assert_eq!(a.matmul(&b), full(&a).matmul(&full(&b)));
        }
    }

    #[test]
    #[should_panic(expected = "matmul: expected batch axes that broadcast, got [2, 2, 3] and [3, 3, 4]")]
    fn batch_axes_that_do_not_broadcast_are_named() {
        let _ = Tensor::<f32>::zeros([2, 2, 3]).matmul(&Tensor::zeros([3, 3, 4]));
    }

    #[test]
    #[should_panic(expected = "matmul: expected [.., M, K] and [.., K, N], got [2, 3] and [2, 3]")]
    fn a_wrong_inner_length_is_named() {
        let _ = Tensor::<f32>::zeros([2, 3]).matmul(&Tensor::zeros([2, 3]));
    }
}
