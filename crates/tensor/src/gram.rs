//! The products of all rows of a matrix with each other, of which half need computing.

use crate::element::Element;
use crate::gemm::Gemm;
use crate::gemm::tile::{DOTS, Lines, dots};
use crate::memory::Buffer;
use crate::parallel;
use crate::simd::{self, Kernel, Vector};
use crate::tensor::Tensor;
use crate::work;

/// Rows up to which they are multiplied as they lie; more of them are worth packing.
const FEW: usize = 192;
/// Numbers of every row that make one task.
const SHARE: usize = 4096;
/// Numbers of every row that are multiplied before the next ones: with [`FEW`] rows 384 KB, which stay in a second cache of 512.
const RUN: usize = 512;
/// Rows of a block where rows are packed: the square on the diagonal is computed in full.
const BLOCK: usize = 128;

impl<T: Element> Tensor<T> {
    /// y = x xᵀ of the last two axes.
    ///
    /// # Shapes
    /// `[.., M, K] -> [.., M, M]`
    ///
    /// # Panics
    /// With fewer than two axes.
    #[track_caller]
    pub fn products_of_rows(&self) -> Self {
        let rank = self.rank();
        assert!(rank >= 2, "products_of_rows: expected at least two axes, got {:?}", self.shape());
        let (m, k) = (self.shape()[rank - 2], self.shape()[rank - 1]);
        let mut dims = self.shape().to_vec();
        dims[rank - 1] = m;
        work::count(dims.iter().product::<usize>() * k);
        Self::build(dims.as_slice(), |y| {
            let matrices = self.data().chunks((m * k).max(1));
            for (x, y) in matrices.zip(y.chunks_mut((m * m).max(1))) {
                T::products_of_rows(x, k, y);
                mirror(y, m);
            }
            if k == 0 {
                y.fill(T::splat(0.0));
            }
        })
    }
}

/// Copies the upper triangle to the lower one.
fn mirror<T: Copy>(y: &mut [T], m: usize) {
    for i in 1..m {
        for j in 0..i {
            y[i * m + j] = y[j * m + i];
        }
    }
}

/// The upper triangle, for `f32`.
pub(crate) fn upper(x: &[f32], k: usize, y: &mut [f32]) {
    let m = x.len().checked_div(k).unwrap_or(0);
    if m > FEW {
        return upper_by_blocks(x, k, y);
    }
    // Every share of the inner length has sums of its own; they are added in order.
    let sums = parallel::collect(k.div_ceil(SHARE), |s| {
        let mut sums = Buffer::stale(m * m);
        sums.fill(0.0);
        simd::run(Share { x, k, m, from: s * SHARE, sums: &mut sums });
        sums
    });
    y.fill(0.0);
    for sums in sums {
        y.iter_mut().zip(&sums[..]).for_each(|(y, v)| *y += v);
    }
}

/// The upper triangle in bands of rows, for any element.
pub(crate) fn upper_by_blocks<T: Element>(x: &[T], k: usize, y: &mut [T]) {
    let m = x.len().checked_div(k).unwrap_or(0);
    for first in (0..m).step_by(BLOCK) {
        let rows = BLOCK.min(m - first);
        T::gemm(Gemm {
            m: rows,
            k,
            n: m - first,
            a: &x[first * k..],
            a_strides: (k, 1),
            b: &x[first * k..],
            b_strides: (1, k),
            beta: T::splat(0.0),
            c: &mut y[first * m + first..],
            c_stride: m,
        });
    }
}

/// What one share of the inner length adds.
struct Share<'a> {
    x: &'a [f32],
    k: usize,
    m: usize,
    from: usize,
    sums: &'a mut [f32],
}
impl Kernel for Share<'_> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "inner products walk rows by pointers")]
    fn run<V: Vector>(self) {
        let Self { x, k, m, from, sums } = self;
        let end = (from + SHARE).min(k);
        for start in (from..end).step_by(RUN) {
            let len = RUN.min(end - start);
            let (steps, rest) = (len / V::LANES, len % V::LANES);
            let row = |i: usize| &x[i.min(m - 1) * k + start..][..len];
            for i in (0..m).step_by(DOTS[0]) {
                let a: Lines<{ DOTS[0] }> = Lines { at: std::array::from_fn(|r| row(i + r).as_ptr()), pitch: 0 };
                for j in (i..m).step_by(DOTS[1]) {
                    let b: Lines<{ DOTS[1] }> = Lines { at: std::array::from_fn(|c| row(j + c).as_ptr()), pitch: 0 };
                    // SAFETY: each row has `len` numbers from `start` on.
                    let products = unsafe { dots::<V, _, _>([1, steps], a, b) };
                    for (r, products) in products.iter().enumerate().take(m - i) {
                        for (c, v) in products.iter().enumerate().take(m - j) {
                            let ends = row(i + r)[len - rest..].iter().zip(&row(j + c)[len - rest..]);
                            sums[(i + r) * m + j + c] += v + ends.map(|(a, b)| a * b).sum::<f32>();
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MatMul, Random};

    #[test]
    fn it_is_the_product_with_the_transpose() {
        let mut random = Random::new(5, 0);
        for (m, k) in [(1, 1), (3, 7), (5, 1000), (64, 9001), (130, 515), (200, 300), (300, 70)] {
            let x: Tensor = random.normal([2, m, k], 0.0, 1.0);
            let how = MatMul { transpose_a: false, transpose_b: true };
            let want = how.run(&x.cast::<f64>(), &x.cast());
            for y in [x.products_of_rows().cast::<f64>(), x.cast::<f64>().products_of_rows()] {
                let worst = y.zip(&want, |a, b| (a - b).abs()).max_value();
                assert!(worst <= 2e-6 * want.max_value(), "{m} {k}: {worst}");
            }
        }
    }
}
