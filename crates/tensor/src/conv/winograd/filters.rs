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
    // Of odd length in lines, too: points are written side by side.
    let point = stride(channels * row);
    let points = S::POINTS * S::POINTS;
    let mut values = Buffer::stale(terms.len() * points * point + 64);
    let scatter = Scatter::new(&mut values);
    parallel::tasks(job.channels, |c| {
        let (w, at) = (&w[c * job.weights[1]..], c * row);
        let scheme = std::marker::PhantomData::<S>;
        simd::run(Channel { job, w, terms, out: &scatter, at, row, point, scheme });
    });
    Filters { values, row, point }
}

/// Weights of one filter: 3x3, or 4x4 for four terms.
const MOST: usize = 16;

/// All filters of one channel.
struct Channel<'a, S> {
    job: &'a Lowered,
    w: &'a [f32],
    terms: &'a [Vec<Term>],
    out: &'a Scatter<'a, f32>,
    at: usize,
    row: usize,
    point: usize,
    scheme: std::marker::PhantomData<S>,
}
impl<S: Scheme> Kernel for Channel<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "writes points by pointers")]
    fn run<V: Vector>(self) {
        let Self { job, w, terms, out, at, row, point, .. } = self;
        let taps = terms.iter().flatten().map(|term| term.weights.len()).sum();
        let points = S::POINTS * S::POINTS;
        for first in (0..job.outputs).step_by(8) {
            let lanes = 8.min(job.outputs - first);
            let filters = eight_filters::<V>(&w[first * job.weights[0]..], job.weights[0], lanes, taps);
            for (f, terms) in terms.iter().enumerate() {
                for (i, term) in terms.iter().enumerate() {
                    let start = at + f * points * point + i * job.channels * row + first;
                    let out = out.at(start, (points - 1) * point + 8);
                    // SAFETY: rows have room for whole groups of eight, and this channel's rows are this task's.
                    unsafe { at_points::<V::Eight, S>(&filters, &term.weights, out, point) };
                }
            }
        }
    }
}

/// Eight filters, `stride` apart, with one in each lane: each is a line or two of memory, read once for all its terms.
#[inline(always)]
fn eight_filters<V: Vector>(w: &[f32], stride: usize, lanes: usize, taps: usize) -> [V::Eight; MOST] {
    let mut filters = [V::Eight::zero(); MOST];
    for (group, filters) in filters.chunks_mut(8).enumerate() {
        let first = group * 8;
        let mut lines = [V::Eight::zero(); 8];
        for (l, line) in lines.iter_mut().enumerate().take(lanes) {
            let w = &w[l * stride..][..taps];
            *line = V::Eight::from_start(&w[first.min(taps)..]);
        }
        filters.copy_from_slice(&V::transpose(lines));
    }
    filters
}

/// Transforms the taps named by `weights`, and writes a vector for each point, `distance` apart.
///
/// # Safety
/// There is room for eight numbers at every distance.
#[inline(always)]
#[allow(unsafe_code, reason = "writes points by pointers")]
unsafe fn at_points<E: Vector, S: Scheme>(filters: &[E; MOST], weights: &[usize], out: *mut f32, distance: usize) {
    // Down the columns of taps, then along the rows.
    let mut half = square::<E>();
    for j in 0..S::TAPS {
        let mut column = [E::zero(); SIDE];
        for (i, v) in column.iter_mut().enumerate().take(S::TAPS) {
            *v = filters[weights[i * S::TAPS + j]];
        }
        for (half, v) in half.iter_mut().zip(FilterMatrix::<S>::times(column)).take(S::POINTS) {
            half[j] = v;
        }
    }
    for (i, row) in half.into_iter().enumerate().take(S::POINTS) {
        for (j, v) in FilterMatrix::<S>::times(row).into_iter().enumerate().take(S::POINTS) {
            // SAFETY: the caller says that there is room.
            unsafe { v.store(out.wrapping_add((i * S::POINTS + j) * distance)) };
        }
    }
}
