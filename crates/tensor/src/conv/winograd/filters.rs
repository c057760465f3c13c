//! The filters at a scheme's points, eight outputs in the lanes.

use super::scheme::{FilterMatrix, Matrix, SIDE, Scheme};
use super::tiles::square;
use super::{Term, stride};
use crate::conv::lower::Lowered;
use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Kernel, Vector};

/// Transformed filters: for each family and point a matrix `[terms * C, row]`.
pub(super) struct Filters {
    pub(super) values: Buffer<f32>,
    pub(super) row: usize,
    pub(super) point: usize,
}

/// Transforms all filters, eight outputs in the lanes.
pub(super) fn transform_filters<S: Scheme>(job: &Lowered, terms: &[Vec<Term>], w: &[f32]) -> Filters {
    let row = stride(job.outputs);
    let channels = terms[0].len() * job.channels;
    let point = channels * row;
    let points = S::POINTS * S::POINTS;
    let mut values = Buffer::stale(terms.len() * points * point + 64);
    let scatter = Scatter::new(&mut values);
    // A channel's weights are read once for all terms that they belong to.
    parallel::tasks(job.channels, |c| {
        for (f, terms) in terms.iter().enumerate() {
            for (i, term) in terms.iter().enumerate() {
                simd::run(FilterRow::<S> {
                    job,
                    w: &w[c * job.weights[1]..],
                    weights: &term.weights,
                    out: &scatter,
                    at: f * points * point + (i * job.channels + c) * row,
                    point,
                    scheme: std::marker::PhantomData,
                });
            }
        }
    });
    Filters { values, row, point }
}

/// The filters of one channel.
struct FilterRow<'a, S> {
    job: &'a Lowered,
    w: &'a [f32],
    weights: &'a [usize],
    out: &'a Scatter<'a, f32>,
    at: usize,
    point: usize,
    scheme: std::marker::PhantomData<S>,
}
impl<S: Scheme> Kernel for FilterRow<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "writes points by pointers")]
    fn run<V: Vector>(self) {
        for first in (0..self.job.outputs).step_by(8) {
            let lanes = 8.min(self.job.outputs - first);
            // Down the columns of taps, then along the rows.
            let mut half = square::<V::Eight>();
            for j in 0..S::TAPS {
                let mut column = [V::Eight::zero(); SIDE];
                for (i, v) in column.iter_mut().enumerate().take(S::TAPS) {
                    let mut numbers = [0.0; 8];
                    for (l, number) in numbers.iter_mut().enumerate().take(lanes) {
                        let tap = self.weights[i * S::TAPS + j];
                        *number = self.w[(first + l) * self.job.weights[0] + tap];
                    }
                    *v = V::Eight::from_slice(&numbers);
                }
                for (half, v) in half.iter_mut().zip(FilterMatrix::<S>::times(column)).take(S::POINTS) {
                    half[j] = v;
                }
            }
            for (i, row) in half.into_iter().enumerate().take(S::POINTS) {
                for (j, v) in FilterMatrix::<S>::times(row).into_iter().enumerate().take(S::POINTS) {
                    let out = self.out.at(self.at + (i * S::POINTS + j) * self.point + first, 8);
                    // SAFETY: rows have room for whole groups of eight, and this channel's rows are this task's.
                    unsafe { v.store(out) };
                }
            }
        }
    }
}
