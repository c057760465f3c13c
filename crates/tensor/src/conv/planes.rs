//! A channel of a picture cut into its planes, with zeros around: what reads it needs no test for edges.

use std::ops::Range;

use super::lower::Lowered;
use crate::simd::Vector;

/// The layout of the planes of one channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes {
    input: [usize; 2],
    step: [usize; 2],
    /// The place that stands first in each plane, usually negative.
    first: [isize; 2],
    pub(super) rows: usize,
    /// Length of a row.
    pub(super) pitch: usize,
}

impl Planes {
    /// Planes that hold all that the taps of a job read, and `margin` further rows and columns below and to the right.
    pub(super) fn new(job: &Lowered, margin: [usize; 2]) -> Self {
        let reach = [0, 1].map(|axis| job.reach(axis));
        let len = |axis: usize| (reach[axis][1] - reach[axis][0]) as usize + 1 + margin[axis];
        Self { input: job.input, step: job.step_in, first: reach.map(|r| r[0]), rows: len(0), pitch: len(1) }
    }

    /// The row and the column of a plane in which a tap with this shift begins to read.
    pub(super) fn place(&self, shift: [isize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| (shift[axis] - self.first[axis]) as usize)
    }

    /// Numbers in one plane.
    pub(super) fn plane(&self) -> usize {
        self.rows * self.pitch
    }

    /// Numbers in all planes of a channel.
    pub(super) fn size(&self) -> usize {
        self.step[0] * self.step[1] * self.plane()
    }

    /// Fills the given rows of all planes from one channel `x` `[H, W]`: `out` holds those rows only, `distance` numbers from plane
    /// to plane. What is behind a plane's rows is left as it is.
    #[inline(always)]
    pub(super) fn fill<V: Vector>(&self, x: &[f32], rows: &Range<usize>, distance: usize, out: &mut [f32]) {
        self.copy::<V, true>(x, rows, distance, out);
    }

    /// As [`fill`](Self::fill), for all rows of planes that were filled before, or that are zero: writes no zeros.
    #[inline(always)]
    pub(super) fn refill<V: Vector>(&self, x: &[f32], out: &mut [f32]) {
        self.copy::<V, false>(x, &(0..self.rows), self.plane(), out);
    }

    #[inline(always)]
    fn copy<V: Vector, const ZEROS: bool>(&self, x: &[f32], rows: &Range<usize>, distance: usize, out: &mut [f32]) {
        let ([h, w], [sh, sw], pitch) = (self.input, self.step, self.pitch);
        for (p, plane) in out.chunks_mut(distance).take(sh * sw).enumerate() {
            let (columns, left) = inside(sw as isize * self.first[1] + (p % sw) as isize, sw, w, &(0..pitch));
            let (mut lines, top) = inside(sh as isize * self.first[0] + (p / sw) as isize, sh, h, rows);
            if columns.is_empty() {
                lines = 0..0;
            }
            if ZEROS {
                plane[..lines.start * pitch].fill(0.0);
                plane[lines.end * pitch..rows.len() * pitch].fill(0.0);
            }
            let plane = &mut plane[lines.start * pitch..lines.end * pitch];
            for (i, out) in plane.chunks_exact_mut(pitch).enumerate() {
                if ZEROS {
                    out[..columns.start].fill(0.0);
                    out[columns.end..].fill(0.0);
                }
                every::<V>(&mut out[columns.clone()], &x[(top + i * sh) * w + left..], sw);
            }
        }
    }
}

/// Which of `places` on a line (place q stands for `origin + step q`) lie inside `0..len`, counted from the first of them; and what
/// the first one inside stands for.
#[inline(always)]
fn inside(origin: isize, step: usize, len: usize, places: &Range<usize>) -> (Range<usize>, usize) {
    let origin = origin + (step * places.start) as isize;
    let first = origin.min(0).unsigned_abs().div_ceil(step).min(places.len());
    let start = (origin + (first * step) as isize).max(0) as usize;
    let count = len.saturating_sub(start).div_ceil(step).min(places.len() - first);
    (first..first + count, start)
}

/// out[j] = line[step j]; more of the line may be read, where there is more.
#[inline(always)]
fn every<V: Vector>(out: &mut [f32], line: &[f32], step: usize) {
    if step == 1 {
        return adjacent::<V>(out, &line[..out.len()]);
    }
    let whole = if step == 2 { out.len().min(line.len() / step) / 8 * 8 } else { 0 };
    let (vectors, rest) = out.split_at_mut(whole);
    let (lines, last) = line.split_at(whole * step);
    for (out, line) in vectors.chunks_exact_mut(8).zip(lines.chunks_exact(16)) {
        V::deinterleave(V::Eight::from_slice(line), V::Eight::from_slice(&line[8..]))[0].to_slice(out);
    }
    if step == 2 && last.len() >= 16 {
        let mut numbers = [0.0; 8];
        V::deinterleave(V::Eight::from_slice(last), V::Eight::from_slice(&last[8..]))[0].to_slice(&mut numbers);
        rest.iter_mut().zip(numbers).for_each(|(out, v)| *out = v);
    } else {
        rest.iter_mut().zip(last.iter().step_by(step)).for_each(|(out, v)| *out = *v);
    }
}

/// A line as it is.
#[inline(always)]
fn adjacent<V: Vector>(out: &mut [f32], line: &[f32]) {
    let (vectors, rest) = out.split_at_mut(line.len() / 8 * 8);
    for (out, line) in vectors.chunks_exact_mut(8).zip(line.chunks_exact(8)) {
        V::Eight::from_slice(line).to_slice(out);
    }
    for (out, v) in rest.iter_mut().zip(&line[vectors.len()..]) {
        *out = *v;
    }
}
