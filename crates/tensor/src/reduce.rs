//! Sums, and sums of products, over any axes; the largest element.
//!
//! A sum runs in blocks of [`BLOCK`] elements over [`LANES`] accumulators each, and the blocks are added in f64 in
//! index order. The error grows with the block, not with the tensor, and the order does not depend on threads.

use crate::element::Element;
use crate::map::Loops;
use crate::parallel;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Elements added in the element's own precision before f64 takes over.
const BLOCK: usize = 256;
/// Accumulators of a block: enough for the widest registers to keep their pipelines full.
const LANES: usize = 16;
/// The part of a run that is one task: its sum is the same whether pieces run in a loop or as tasks.
const PIECE: usize = 256 * BLOCK;

/// The sum of one block.
fn sum_block<T: Element>(x: &[T]) -> f64 {
    let mut acc = [T::splat(0.0); LANES];
    let mut chunks = x.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (a, &v) in acc.iter_mut().zip(chunk) {
            *a += v;
        }
    }
    finish(acc, chunks.remainder().iter().copied())
}

/// The sum of products of one block.
fn dot_block<T: Element>(x: &[T], y: &[T]) -> f64 {
    let mut acc = [T::splat(0.0); LANES];
    let (mut xs, mut ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    for (x, y) in (&mut xs).zip(&mut ys) {
        for (a, (&x, &y)) in acc.iter_mut().zip(x.iter().zip(y)) {
            *a += x * y;
        }
    }
    finish(acc, xs.remainder().iter().zip(ys.remainder()).map(|(&x, &y)| x * y))
}

fn finish<T: Element>(acc: [T; LANES], rest: impl Iterator<Item = T>) -> f64 {
    acc.into_iter().chain(rest).map(T::to_f64).sum()
}

/// The sum of a slice, to be combined further: what every reduction of this crate is made of.
pub(crate) fn sum_slice<T: Element>(x: &[T]) -> f64 {
    x.chunks(BLOCK).map(sum_block).sum()
}

/// The sum of products of two slices of one length.
pub(crate) fn dot_slice<T: Element>(x: &[T], y: &[T]) -> f64 {
    x.chunks(BLOCK).zip(y.chunks(BLOCK)).map(|(x, y)| dot_block(x, y)).sum()
}

/// The sum over one run where each operand moves (stride 1) or stands still (stride 0).
fn run<T: Element>(a: &[T], b: &[T], strides: [usize; 2], len: usize) -> f64 {
    match strides {
        [1, 1] => dot_slice(&a[..len], &b[..len]),
        [1, _] => sum_slice(&a[..len]) * b[0].to_f64(),
        [_, 1] => a[0].to_f64() * sum_slice(&b[..len]),
        _ => a[0].to_f64() * b[0].to_f64() * len as f64,
    }
}

impl<T: Element> Tensor<T> {
    /// The sum of all elements.
    pub fn sum(&self) -> T {
        self.sum_to([]).item()
    }

    /// The mean of all elements (NaN if there are none).
    pub fn mean(&self) -> T {
        T::splat(self.sum().to_f64() / self.len() as f64)
    }

    /// Sums over the given axes, which disappear.
    ///
    /// # Panics
    /// If an axis does not exist.
    #[track_caller]
    pub fn sum_axes(&self, axes: &[usize]) -> Self {
        let mut kept = *self.shape();
        for &axis in axes {
            kept = kept.with(axis, 1);
        }
        let left: Vec<usize> = (0..self.rank()).filter(|a| !axes.contains(a)).map(|a| self.shape()[a]).collect();
        self.sum_to(kept).reshape(left.as_slice())
    }

    /// Sums the axes along which `shape` would have been stretched: the adjoint of
    /// [`broadcast_to`](Tensor::broadcast_to).
    ///
    /// # Panics
    /// If `shape` does not broadcast to the tensor's.
    #[track_caller]
    pub fn sum_to(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if shape == *self.shape() { self.clone() } else { self.mul_sum_to(&Self::scalar(T::splat(1.0)), shape) }
    }

    /// The product of both, broadcast, summed to `shape`; the product itself is never stored.
    ///
    /// # Panics
    /// If the two do not broadcast, or `shape` does not broadcast to their common shape.
    #[track_caller]
    pub fn mul_sum_to(&self, other: &Self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let pair = self.shape().broadcast(other.shape());
        // Axes that only the result would have are refused: summing to them means nothing.
        let Some(space) = pair.filter(|p| p.broadcast(&shape) == Some(*p)) else {
            panic!("sum: {:?} and {:?} do not sum to {shape:?}", self.shape(), other.shape());
        };
        if space == shape {
            return self.zip(other, |a, b| a * b);
        }
        let summed = |axis: usize| shape.back(space.len() - axis) == 1;
        let operands = [self.shape(), other.shape()];
        let outer = Loops::new(&space, operands, |a| !summed(a));
        let inner = Loops::new(&space, operands, summed);
        let innermost_is_summed = (0..space.len()).rev().find(|&a| space[a] != 1).is_none_or(summed);
        let (a, b) = (self.data(), other.data());
        if innermost_is_summed { sum_runs(a, b, &outer, &inner, shape) } else { sum_rows(a, b, &outer, &inner, shape) }
    }

    /// The largest element.
    ///
    /// # Panics
    /// If there are no elements.
    #[track_caller]
    pub fn max_value(&self) -> T {
        let (first, rest) = self.data().split_first().expect("max_value: expected at least one element");
        rest.iter().fold(*first, |m, &v| m.max(v))
    }

    /// The index of the largest element of each row (the last axis); the first of equals.
    pub fn argmax_rows(&self) -> Vec<usize> {
        let width = self.shape().last().copied().unwrap_or(1).max(1);
        self.data()
            .chunks(width)
            .map(|row| row.iter().enumerate().fold(0, |best, (i, v)| if *v > row[best] { i } else { best }))
            .collect()
    }

    /// The inner product of two tensors of one shape, in f64.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn dot(&self, other: &Self) -> f64 {
        assert!(self.shape() == other.shape(), "dot: {:?} and {:?} differ", self.shape(), other.shape());
        dot_slice(self.data(), other.data())
    }
}

/// The innermost axis is summed: every output is a sum of contiguous runs.
fn sum_runs<T: Element>(a: &[T], b: &[T], outer: &Loops<2>, inner: &Loops<2>, shape: Shape) -> Tensor<T> {
    let (len, strides) = inner.inner();
    let runs = inner.rows();
    let per_run = len.div_ceil(PIECE).max(1);
    let piece = |out: usize, p: usize| {
        let ([i, j], [di, dj]) = (outer.point(out), inner.offsets(p / per_run));
        let from = (p % per_run) * PIECE;
        let [si, sj] = strides;
        run(&a[i + di + from * si..], &b[j + dj + from * sj..], strides, PIECE.min(len - from))
    };
    if a.is_empty() || b.is_empty() {
        return Tensor::zeros(shape);
    }
    let pieces = runs * per_run;
    if shape.size() == 1 {
        let sums = parallel::collect(pieces, |p| piece(0, p));
        return Tensor::full(shape, T::splat(sums.into_iter().sum()));
    }
    let width = (parallel::GRAIN / (pieces * len).max(1)).max(1);
    Tensor::build(shape, |out| {
        parallel::chunks(out, width, |task, out| {
            for (i, o) in out.iter_mut().enumerate() {
                *o = T::splat((0..pieces).map(|p| piece(task * width + i, p)).sum());
            }
        });
    })
}

/// The innermost axis is kept: rows are added to rows.
fn sum_rows<T: Element>(a: &[T], b: &[T], outer: &Loops<2>, inner: &Loops<2>, shape: Shape) -> Tensor<T> {
    let (width, [sa, sb]) = outer.inner();
    Tensor::build(shape, |out| {
        if width == 0 {
            return;
        }
        parallel::chunks(out, width, |row, out| {
            let [i, j] = outer.offsets(row);
            let mut acc = vec![0.0; out.len()];
            for p in 0..inner.points() {
                let [di, dj] = inner.point(p);
                for (x, acc) in acc.iter_mut().enumerate() {
                    *acc += (a[i + di + x * sa] * b[j + dj + x * sb]).to_f64();
                }
            }
            for (o, v) in out.iter_mut().zip(acc) {
                *o = T::splat(v);
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize]) -> Tensor<f64> {
        Tensor::from_fn(shape, |i| (i as f64 * 0.7).cos())
    }

    #[test]
    fn sums_equal_the_product_summed_one_by_one() {
        for (a, b, to) in [
            (&[2, 3, 4][..], &[2, 3, 4][..], &[3, 1][..]),
            (&[2, 3, 4], &[3, 1], &[2, 1, 1]),
            (&[2, 3, 4], &[], &[4]),
            (&[2, 3, 4], &[2, 3, 4], &[]),
            (&[5, 1], &[1, 7], &[7]),
            (&[5, 1], &[1, 7], &[5, 1]),
            (&[2, 100, 70], &[100, 1], &[100, 1]),
            (&[3, 0], &[3, 1], &[3, 1]),
            (&[70_000], &[70_000], &[]),
        ] {
            let (a, b) = (tensor(a), tensor(b));
            let to = Shape::new(to);
            let product = a.zip(&b, |x, y| x * y);
            let mut want = Tensor::<f64>::zeros(to);
            let places = Tensor::from_fn(to, |i| i as f64).broadcast_to(*product.shape());
            for (&place, &v) in places.data().iter().zip(product.data()) {
                want.data_mut()[place as usize] += v;
            }
            let got = a.mul_sum_to(&b, to);
            assert_eq!(got.shape(), want.shape());
            for (g, w) in got.data().iter().zip(want.data()) {
                assert!((g - w).abs() < 1e-9 * (1.0 + w.abs()), "{g} {w}");
            }
        }
    }

    #[test]
    fn a_long_f32_sum_stays_exact_enough() {
        let x = Tensor::<f32>::full([3_000_000], 0.1);
        assert!((x.sum() / 300_000.0 - 1.0).abs() < 1e-6, "{}", x.sum());
    }

    #[test]
    fn argmax_takes_the_first_of_equals() {
        let x = Tensor::<f32>::new([2, 3], vec![1.0, 5.0, 5.0, -3.0, -2.0, -9.0]);
        assert_eq!(x.argmax_rows(), [1, 1]);
    }
}
