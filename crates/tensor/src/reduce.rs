//! Sums, and sums of products, over any axes; the largest element.
//!
//! A sum runs in blocks of [`BLOCK`] elements over [`LANES`] accumulators, each of which is emptied into one of f64 behind
//! every block. The error grows with the block, not with the tensor, and the order does not depend on threads.

use crate::element::Element;
use crate::loops::Loops;
use crate::parallel;
use crate::shape::Shape;
use crate::simd::vectorised;
use crate::tensor::Tensor;

/// Elements added in the element's own precision before f64 takes over: sixteen for each accumulator.
const BLOCK: usize = 16 * LANES;
/// Accumulators: enough for the widest registers to keep their pipelines full.
const LANES: usize = 64;
/// The part of a run that is one task: its sum is the same whether pieces run in a loop or as tasks.
const PIECE: usize = 64 * BLOCK;

/// The sums of what `f` makes of each pair of elements of two slices of one length. For bodies of [`vectorised`] functions
/// only, like the next two; `f` should be short enough to be inlined.
#[inline(always)]
pub(crate) fn sums_of_pairs<T: Element, const K: usize>(x: &[T], y: &[T], f: impl Fn(T, T) -> [T; K]) -> [f64; K] {
    let ((xs, x), (ys, y)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    let mut sums = [[0.0; K]; LANES];
    for (xs, ys) in xs.chunks(BLOCK / LANES).zip(ys.chunks(BLOCK / LANES)) {
        let mut block = [[T::splat(0.0); LANES]; K];
        for (x, y) in xs.iter().zip(ys) {
            for lane in 0..LANES {
                for (sums, v) in block.iter_mut().zip(f(x[lane], y[lane])) {
                    sums[lane] += v;
                }
            }
        }
        for (k, block) in block.iter().enumerate() {
            for (sums, v) in sums.iter_mut().zip(block) {
                sums[k] += v.to_f64();
            }
        }
    }
    for (sums, (&x, &y)) in sums.iter_mut().zip(x.iter().zip(y)) {
        for (sum, v) in sums.iter_mut().zip(f(x, y)) {
            *sum += v.to_f64();
        }
    }
    across(sums)
}

/// The sums over all lanes: the upper half is added to the lower one until one is left.
#[inline(always)]
fn across<const K: usize>(mut sums: [[f64; K]; LANES]) -> [f64; K] {
    let mut lanes = LANES;
    while lanes > 1 {
        lanes /= 2;
        for lane in 0..lanes {
            let upper = sums[lane + lanes];
            for (sum, v) in sums[lane].iter_mut().zip(upper) {
                *sum += v;
            }
        }
    }
    sums[0]
}

/// The sum of `f` over pairs of elements of two slices of one length.
#[inline(always)]
pub(crate) fn sum_of_pairs<T: Element>(x: &[T], y: &[T], f: impl Fn(T, T) -> T) -> f64 {
    let [sum] = sums_of_pairs(x, y, |x, y| [f(x, y)]);
    sum
}

/// The sum of `f` over a slice.
#[inline(always)]
pub(crate) fn sum_of<T: Element>(x: &[T], f: impl Fn(T) -> T) -> f64 {
    sum_of_pairs(x, x, |x, _| f(x))
}

/// The largest element, -infinity if there is none; NaN is passed over.
#[inline(always)]
pub(crate) fn max_of<T: Element>(x: &[T]) -> T {
    // Fewer than for a sum: what is left of a short row goes one by one.
    const LANES: usize = 32;
    let mut acc = [T::splat(f64::NEG_INFINITY); LANES];
    let mut chunks = x.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (a, &v) in acc.iter_mut().zip(chunk) {
            *a = if *a < v { v } else { *a };
        }
    }
    acc.iter().chain(chunks.remainder()).fold(acc[0], |a, &v| if a < v { v } else { a })
}

vectorised! {
    /// The sum of a slice, to be combined further: what every reduction of this crate is made of.
    pub(crate) fn sum_slice[T: Element](x: &[T]) -> f64 {
        sum_of(x, |v| v)
    }

    /// The sum of products of two slices of one length.
    pub(crate) fn dot_slice[T: Element](x: &[T], y: &[T]) -> f64 {
        sum_of_pairs(x, y, |x, y| x * y)
    }

    /// The largest element of a slice, see [`max_of`].
    pub(crate) fn max_slice[T: Element](x: &[T]) -> T {
        max_of(x)
    }

    /// Adds the products of two rows to `sums`; an operand of stride 0 stands still.
    fn add_products[T: Element](sums: &mut [f64], a: &[T], b: &[T], strides: [usize; 2]) -> () {
        match strides {
            [1, 0] => sums.iter_mut().zip(a).for_each(|(s, &a)| *s += (a * b[0]).to_f64()),
            [0, 1] => sums.iter_mut().zip(b).for_each(|(s, &b)| *s += (a[0] * b).to_f64()),
            [1, 1] => sums.iter_mut().zip(a.iter().zip(b)).for_each(|(s, (&a, &b))| *s += (a * b).to_f64()),
            _ => sums.iter_mut().for_each(|s| *s += (a[0] * b[0]).to_f64()),
        }
    }
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

    /// The largest element; NaN is passed over.
    ///
    /// # Panics
    /// If there are no elements.
    #[track_caller]
    pub fn max_value(&self) -> T {
        assert!(!self.is_empty(), "max_value: expected at least one element, got {:?}", self.shape());
        let pieces = parallel::collect(self.len().div_ceil(PIECE), |i| max_slice(piece(self.data(), i)));
        max_slice(&pieces)
    }

    /// The index of the largest element of each row (the last axis); the first of equals, 0 for a row of NaN.
    ///
    /// # Panics
    /// If rows have no elements.
    #[track_caller]
    pub fn argmax_rows(&self) -> Vec<usize> {
        let width = self.shape().last().copied().unwrap_or(1);
        assert!(width > 0, "argmax_rows: expected rows of at least one element, got {:?}", self.shape());
        let mut places = vec![0; self.len() / width];
        parallel::chunks(&mut places, parallel::GRAIN.div_ceil(width), |task, places| {
            let start = task * parallel::GRAIN.div_ceil(width);
            for (i, place) in places.iter_mut().enumerate() {
                let row = &self.data()[(start + i) * width..][..width];
                let max = max_slice(row);
                *place = row.iter().position(|&v| v == max).unwrap_or(0);
            }
        });
        places
    }

    /// The inner product of two tensors of one shape, in f64.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn dot(&self, other: &Self) -> f64 {
        assert!(self.shape() == other.shape(), "dot: {:?} and {:?} differ", self.shape(), other.shape());
        let (a, b) = (self.data(), other.data());
        let pieces = self.len().div_ceil(PIECE);
        parallel::collect(pieces, |i| dot_slice(piece(a, i), piece(b, i))).into_iter().sum()
    }
}

/// The `i`-th piece of a slice.
fn piece<T>(x: &[T], i: usize) -> &[T] {
    &x[i * PIECE..x.len().min((i + 1) * PIECE)]
}

/// The innermost axis is summed: every output is a sum of contiguous runs.
fn sum_runs<T: Element>(a: &[T], b: &[T], outer: &Loops<2>, inner: &Loops<2>, shape: Shape) -> Tensor<T> {
    let (len, strides) = inner.inner();
    let runs = inner.rows();
    let per_run = len.div_ceil(PIECE).max(1);
    let part = |out: usize, p: usize| {
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
        let sums = parallel::collect(pieces, |p| part(0, p));
        return Tensor::full(shape, T::splat(sums.into_iter().sum()));
    }
    let width = (parallel::GRAIN / (pieces * len).max(1)).max(1);
    Tensor::build(shape, |out| {
        parallel::chunks(out, width, |task, out| {
            for (i, o) in out.iter_mut().enumerate() {
                *o = T::splat((0..pieces).map(|p| part(task * width + i, p)).sum());
            }
        });
    })
}

/// The innermost axis is kept: rows are added to rows, a block of columns at a time, and long sums in parts that are added
/// in order.
fn sum_rows<T: Element>(a: &[T], b: &[T], outer: &Loops<2>, inner: &Loops<2>, shape: Shape) -> Tensor<T> {
    const COLUMNS: usize = 1024;
    let (width, [sa, sb]) = outer.inner();
    let points = inner.points();
    let per_part = (PIECE / width.clamp(1, COLUMNS)).max(1);
    // The sums of one part for `len` columns from `first` on.
    let sums = |row: usize, first: usize, len: usize, part: usize| {
        let [i, j] = outer.offsets(row);
        let mut sums = vec![0.0; len];
        for p in part * per_part..points.min((part + 1) * per_part) {
            let [di, dj] = inner.point(p);
            add_products(&mut sums, &a[i + di + first * sa..], &b[j + dj + first * sb..], [sa, sb]);
        }
        sums
    };
    Tensor::build(shape, |out| {
        parallel::chunks(out, width, |row, out| {
            parallel::chunks(out, COLUMNS, |block, out| {
                let part = |p| sums(row, block * COLUMNS, out.len(), p);
                let add = |mut all: Vec<f64>, part: Vec<f64>| {
                    all.iter_mut().zip(part).for_each(|(a, p)| *a += p);
                    all
                };
                let parts = parallel::collect(points.div_ceil(per_part), part);
                let all = parts.into_iter().reduce(add).unwrap_or_else(|| vec![0.0; out.len()]);
                out.iter_mut().zip(all).for_each(|(o, v)| *o = T::splat(v));
            });
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

    /// An accumulator takes sixteen elements at most before it is emptied: its error stays below eight units of the last
    /// place of what it holds, however many elements there are.
    #[test]
    fn the_error_of_a_sum_is_that_of_a_block() {
        for len in [0, 1, 63, 64, 65, 1000, BLOCK - 1, BLOCK, BLOCK + 1, PIECE + 77, 1_000_003] {
            let x = Tensor::<f32>::from_fn([len], |i| (i as f32 * 0.7).cos() + 1.0);
            let (want, size) = (x.data().iter().map(|v| v.to_f64()).sum::<f64>(), x.cast::<f64>());
            for (got, want, size) in [
                (sum_slice(x.data()), want, size.map(f64::abs).sum()),
                (dot_slice(x.data(), x.data()), size.dot(&size), size.dot(&size)),
            ] {
                assert!((got - want).abs() <= 8.0 * f64::from(f32::EPSILON) * size, "{len}: {got}, not {want}");
            }
        }
    }

    #[test]
    fn argmax_takes_the_first_of_equals() {
        let x = Tensor::<f32>::new([2, 3], vec![1.0, 5.0, 5.0, -3.0, -2.0, -9.0]);
        assert_eq!(x.argmax_rows(), [1, 1]);
    }
}
