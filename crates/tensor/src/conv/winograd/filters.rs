//! The filters at a scheme's points, outputs in the lanes.

use std::marker::PhantomData;
use std::ops::Range;

use super::Term;
use super::blocks::Job;
use super::scheme::{FilterMatrix, Matrix, SIDE, Scheme};
use super::tiles::square;
use crate::cache::odd_lines;
use crate::gemm::tile::ROWS;
use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Kernel, Vector};

/// The filters of some families and outputs at all points: for each family and point a matrix in panels of [`ROWS`] outputs,
/// as a product reads them, `[panel, channel * terms, ROWS]`.
pub(super) struct Filters {
    values: Buffer<f32>,
    families: Range<usize>,
    outputs: Range<usize>,
    points: usize,
    /// Distance of neighbouring points.
    point_stride: usize,
    /// Distance of neighbouring panels.
    pub(super) panel_stride: usize,
}

/// Whether all threads transform.
#[derive(Clone, Copy)]
pub(super) enum Shared {
    Yes,
    No,
}

impl Filters {
    /// Transforms filters among the weights `w`.
    pub(super) fn new<S: Scheme>(
        job: &Job,
        w: &[f32],
        families: Range<usize>,
        outputs: Range<usize>,
        shared: Shared,
    ) -> Self {
        let panel_stride = odd_lines(job.inner() * ROWS);
        let panels = outputs.len().div_ceil(ROWS);
        // Of odd length in lines, too: points are written side by side.
        let (points, point_stride) = (S::PRODUCTS, odd_lines(panels * panel_stride));
        let mut values = Buffer::stale(families.len() * points * point_stride);
        let uncached = matches!(shared, Shared::Yes) && values.len() >= UNCACHED;
        let (out, terms) = (&Scatter::new(&mut values), &job.terms[families.clone()]);
        let fill = |number: usize| {
            let first = outputs.start + number * ROWS;
            let outputs = first..(first + ROWS).min(outputs.end);
            let panel = Panel {
                job,
                terms,
                w,
                outputs,
                out,
                at: number * panel_stride,
                point_stride,
                uncached,
                scheme: PhantomData::<S>,
            };
            simd::run_at(job.level, panel);
        };
        match shared {
            Shared::Yes => parallel::tasks(panels, fill),
            Shared::No => (0..panels).for_each(fill),
        }
        Self { values, families, outputs, points, point_stride, panel_stride }
    }

    /// The matrix of a point, counted from the first of `family` on, from `output` on, with which a panel begins.
    pub(super) fn at(&self, family: usize, point: usize, output: usize) -> *const f32 {
        let number = (family - self.families.start) * self.points + point;
        self.values[number * self.point_stride + (output - self.outputs.start) / ROWS * self.panel_stride..].as_ptr()
    }
}

/// Rows of a panel that are collected in a stage for all points before they are written: three lines of memory each.
const STAGED: usize = 8;
/// Distance of a stage's points: what those rows take, and what the last eight lanes reach beyond.
const STAGE: usize = 64;
/// Numbers from which on filters are written past the caches: 16 MB would not stay there (ADR 0026).
const UNCACHED: usize = (16 << 20) / size_of::<f32>();

/// Weights of one filter: 3x3, or 4x4 for four terms.
const MOST: usize = 16;

/// The filters of six outputs.
struct Panel<'a, S> {
    job: &'a Job<'a>,
    terms: &'a [Vec<Term>],
    w: &'a [f32],
    outputs: Range<usize>,
    out: &'a Scatter<'a, f32>,
    /// Where this panel begins at each point, and the distance of points.
    at: usize,
    point_stride: usize,
    uncached: bool,
    scheme: PhantomData<S>,
}
impl<S: Scheme> Kernel for Panel<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "writes points by pointers")]
    fn run<V: Vector>(self) {
        let Self { job, terms, w, outputs, out, at, point_stride, uncached, .. } = self;
        let Job { lowered, .. } = job;
        let taps = lowered.families.iter().map(|family| family.taps.len()).sum();
        let (points, inner) = (S::PRODUCTS, job.inner());
        let w = &w[outputs.start * lowered.weights[0]..];
        let mut staged = Buffer::<f32>::stale(terms.len() * points * STAGE);
        for c in 0..lowered.channels {
            let filters = eight_filters::<V>(&w[c * lowered.weights[1]..], lowered.weights[0], outputs.len(), taps);
            for (f, (terms, staged)) in terms.iter().zip(staged.chunks_mut(points * STAGE)).enumerate() {
                for (i, term) in terms.iter().enumerate() {
                    let row = c * terms.len() + i;
                    let place = row % STAGED;
                    // SAFETY: every point of the stage has room for eight numbers behind the last six.
                    unsafe {
                        let to = staged[place * ROWS..].as_mut_ptr();
                        at_points::<V::Eight, S>(&filters, &term.weights, to, STAGE);
                    }
                    if place + 1 == STAGED || row + 1 == inner {
                        let start = f * points * point_stride + at + (row - place) * ROWS;
                        let length = ((place + 1) * ROWS).next_multiple_of(V::LANES);
                        let out = out.at(start, (points - 1) * point_stride + length);
                        // SAFETY: this panel of every point is this task's, and takes whole lines.
                        unsafe { unload::<V>(staged, length, out, point_stride, uncached) }
                    }
                }
            }
        }
        if uncached {
            V::fence();
        }
    }
}

/// Writes `length` numbers of each point of a stage, `distance` apart.
///
/// # Safety
/// So many can be written at every distance; if `uncached`, each begins a line of memory.
#[inline(always)]
#[allow(unsafe_code, reason = "writes points by pointers")]
unsafe fn unload<V: Vector>(staged: &[f32], length: usize, out: *mut f32, distance: usize, uncached: bool) {
    for (point, staged) in staged.chunks(STAGE).enumerate() {
        for x in (0..length).step_by(V::LANES) {
            let (v, out) = (V::from_slice(&staged[x..]), out.wrapping_add(point * distance + x));
            // SAFETY: as the caller says.
            unsafe { if uncached { v.stream(out) } else { v.store(out) } }
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
