//! Softmax and its kin, row by row over the last axis.

use crate::element::Element;
use crate::formula::Formula;
use crate::lane::Lane;
use crate::parallel::{self, GRAIN};
use crate::reduce::{dot_slice, max_slice, sum_slice};
use crate::shape::Shape;
use crate::simd::vectorised;
use crate::tensor::Tensor;

/// e^(x - shift)
struct Shifted(f64);
impl Formula for Shifted {
    #[inline]
    fn at<L: Lane>(&self, x: L) -> L {
        (x - L::splat(self.0)).exp()
    }
}

/// `out = e^(x - max)`; returns the maximum and the sum of the results.
fn exponentials<T: Element>(x: &[T], out: &mut [T]) -> (T, f64) {
    let max = max_slice(x);
    T::fill_by(&Shifted(max.to_f64()), x, out);
    (max, sum_slice(out))
}

/// ln of the sum of exponentials of a row, from its maximum and their sum. An infinite maximum is the result: what is shifted
/// by it is no number.
fn logarithm<T: Element>(row: &[T], max: T, sum: f64) -> T {
    let infinite = !max.finite() && !row.iter().any(|v| v.is_nan());
    if infinite { max } else { T::splat(max.to_f64() + sum.ln()) }
}

vectorised! {
    /// `out = (x - a) - b`
    fn subtract[T: Element](x: &[T], out: &mut [T], a: T, b: T) -> () {
        out.iter_mut().zip(x).for_each(|(o, &v)| *o = (v - a) - b);
    }

    /// `g = y (g - sum)`
    fn softmax_gradient[T: Element](y: &[T], g: &mut [T], sum: T) -> () {
        g.iter_mut().zip(y).for_each(|(g, &y)| *g = y * (*g - sum));
    }

    /// `g = g - p sum`
    fn log_softmax_gradient[T: Element](p: &[T], g: &mut [T], sum: T) -> () {
        g.iter_mut().zip(p).for_each(|(g, &p)| *g -= p * sum);
    }

    fn multiply[T: Element](x: &mut [T], by: T) -> () {
        for v in x {
            *v *= by;
        }
    }
}

impl<T: Element> Tensor<T> {
    /// ln of the sum of exponentials of each row, shifted by the row's maximum so that nothing overflows.
    ///
    /// # Shapes
    /// `[.., K] -> [..]`
    ///
    /// # Panics
    /// Without axes.
    #[track_caller]
    pub fn logsumexp_rows(&self) -> Self {
        let (&width, outer) = self.shape().split_last().expect("logsumexp: expected at least one axis");
        let per_task = GRAIN.div_ceil(width.max(1));
        Self::build(Shape::new(outer), |out| {
            parallel::chunks(out, per_task, |task, out| {
                let mut powers = vec![T::splat(0.0); width];
                for (i, o) in out.iter_mut().enumerate() {
                    let row = &self.data()[(task * per_task + i) * width..][..width];
                    let (max, sum) = exponentials(row, &mut powers);
                    *o = logarithm(row, max, sum);
                }
            });
        })
    }

    /// e^x divided by its row's sum.
    ///
    /// # Shapes
    /// `[.., K] -> [.., K]`
    ///
    /// # Panics
    /// Without axes.
    #[track_caller]
    pub fn softmax_rows(&self) -> Self {
        let width = *self.shape().last().expect("softmax: expected at least one axis");
        Self::build(*self.shape(), |out| {
            parallel::rows(out, width, |i, out| {
                let (_, sum) = exponentials(&self.data()[i * width..][..width], out);
                multiply(out, T::splat(1.0 / sum));
            });
        })
    }

    /// x - ln of the sum of exponentials of its row.
    ///
    /// # Shapes
    /// `[.., K] -> [.., K]`
    ///
    /// # Panics
    /// Without axes.
    #[track_caller]
    pub fn log_softmax_rows(&self) -> Self {
        let width = *self.shape().last().expect("log_softmax: expected at least one axis");
        Self::build(*self.shape(), |out| {
            parallel::rows(out, width, |i, out| {
                let row = &self.data()[i * width..][..width];
                let (max, sum) = exponentials(row, out);
                subtract(row, out, max, T::splat(sum.ln()));
            });
        })
    }

    /// The gradient of [`softmax_rows`](Tensor::softmax_rows) for the gradient `g` of its result `self`: y (g - sum(g y)).
    /// In place of `g`.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn softmax_rows_gradient(&self, mut g: Self) -> Self {
        assert!(self.shape() == g.shape(), "softmax: {:?} and {:?} differ", self.shape(), g.shape());
        let width = *self.shape().last().expect("softmax: expected at least one axis");
        parallel::rows(g.data_mut(), width, |i, g| {
            let y = &self.data()[i * width..][..width];
            softmax_gradient(y, g, T::splat(dot_slice(y, g)));
        });
        g
    }

    /// The gradient of [`log_softmax_rows`](Tensor::log_softmax_rows) for the gradient `g` of its result `self`:
    /// g - e^y sum(g). In place of `g`.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn log_softmax_rows_gradient(&self, mut g: Self) -> Self {
        assert!(self.shape() == g.shape(), "log_softmax: {:?} and {:?} differ", self.shape(), g.shape());
        let width = *self.shape().last().expect("log_softmax: expected at least one axis");
        let per_task = GRAIN.div_ceil(width.max(1)) * width;
        parallel::chunks(g.data_mut(), per_task, |task, g| {
            let mut p = vec![T::splat(0.0); width];
            for (y, g) in self.data()[task * per_task..].chunks(width).zip(g.chunks_mut(width)) {
                T::fill_by(&Shifted(0.0), y, &mut p);
                log_softmax_gradient(&p, g, T::splat(sum_slice(g)));
            }
        });
        g
    }

    /// [`softmax_rows`](Tensor::softmax_rows) and [`logsumexp_rows`](Tensor::logsumexp_rows) in one pass.
    ///
    /// # Panics
    /// Without axes.
    #[track_caller]
    pub fn softmax_and_logsumexp_rows(&self) -> (Self, Self) {
        let (&width, outer) = self.shape().split_last().expect("softmax: expected at least one axis");
        let mut logs = Self::full(Shape::new(outer), T::splat(f64::NEG_INFINITY));
        let per_task = GRAIN.div_ceil(width.max(1));
        let p = Self::build(*self.shape(), |out| {
            if width == 0 {
                return;
            }
            parallel::chunks_of_two((out, per_task * width), (logs.data_mut(), per_task), |task, out, logs| {
                let rows = self.data()[task * per_task * width..].chunks(width);
                for ((row, out), log) in rows.zip(out.chunks_mut(width)).zip(logs) {
                    let (max, sum) = exponentials(row, out);
                    multiply(out, T::splat(1.0 / sum));
                    *log = logarithm(row, max, sum);
                }
            });
        });
        (p, logs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_of_infinite_rows_is_their_maximum() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let x = Tensor::<f32>::new([4, 2], vec![-inf, -inf, inf, 0.0, -inf, 3.0, inf, nan]);
        for logs in [x.logsumexp_rows(), x.softmax_and_logsumexp_rows().1] {
            assert_eq!(logs.data()[..3], [-inf, inf, 3.0]);
            assert!(logs.data()[3].is_nan());
        }
        let empty = Tensor::<f32>::zeros([3, 0]);
        assert_eq!(empty.logsumexp_rows(), empty.softmax_and_logsumexp_rows().1);
    }

    #[test]
    fn rows_sum_to_one_and_do_not_overflow() {
        let x = Tensor::<f32>::new([2, 3], vec![1000.0, 999.0, -1000.0, 0.1, 0.2, 0.3]);
        let p = x.softmax_rows();
        assert!(p.all_finite());
        for row in p.data().chunks(3) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
        assert_eq!(x.softmax_and_logsumexp_rows(), (p, x.logsumexp_rows()));
    }
}
