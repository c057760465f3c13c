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
    low: [isize; 2],
    pub(super) rows: usize,
    /// Length of a row.
    pub(super) pitch: usize,
}

impl Planes {
    /// Planes that hold all that the taps of a job read, and `margin` further rows and columns below and to the right.
    pub(super) fn new(job: &Lowered, margin: [usize; 2]) -> Self {
        let reach = [0, 1].map(|axis| job.reach(axis));
        let len = |axis: usize| (reach[axis][1] - reach[axis][0]) as usize + 1 + margin[axis];
        Self { input: job.input, step: job.step_in, low: reach.map(|r| r[0]), rows: len(0), pitch: len(1) }
    }

    /// The place that stands first in each plane.
    pub(super) fn first(&self) -> [isize; 2] {
        self.low
    }

    /// Numbers in one plane.
    pub(super) fn plane(&self) -> usize {
        self.rows * self.pitch
    }

    /// Numbers in all planes of a channel.
    pub(super) fn size(&self) -> usize {
        self.step[0] * self.step[1] * self.plane()
    }

    /// Fills the given rows of all planes from one channel `x` `[H, W]`. `out` holds those rows only, plane behind plane.
    #[inline(always)]
    pub(super) fn fill<V: Vector>(&self, x: &[f32], rows: &Range<usize>, out: &mut [f32]) {
        self.copy::<V, true>(x, rows, rows.len() * self.pitch, out);
    }

    /// As [`fill`](Self::fill), with `distance` numbers from plane to plane; those behind its rows are left as they are.
    #[inline(always)]
    pub(super) fn fill_apart<V: Vector>(&self, x: &[f32], rows: &Range<usize>, distance: usize, out: &mut [f32]) {
        self.copy::<V, true>(x, rows, distance, out);
    }

    /// As [`fill`](Self::fill), for all rows of planes that were filled before, or that are zero: writes no zeros.
    #[inline(always)]
    pub(super) fn refill<V: Vector>(&self, x: &[f32], out: &mut [f32]) {
        self.copy::<V, false>(x, &(0..self.rows), self.plane(), out);
    }

    #[inline(always)]
    fn copy<V: Vector, const ZEROS: bool>(&self, x: &[f32], rows: &Range<usize>, distance: usize, out: &mut [f32]) {
        let ([h, w], [sh, sw]) = (self.input, self.step);
        for (p, plane) in out.chunks_mut(distance).take(sh * sw).enumerate() {
            let (py, px) = (p / sw, p % sw);
            // The places q of a row that lie inside the picture: 0 <= sw (low + q) + px < w.
            let origin = sw as isize * self.low[1] + px as isize;
            let first = origin.min(0).unsigned_abs().div_ceil(sw).min(self.pitch);
            let start = (origin + (first * sw) as isize).max(0) as usize;
            let count = w.saturating_sub(start).div_ceil(sw).min(self.pitch - first);
            for (row, out) in rows.clone().zip(plane.chunks_mut(self.pitch)) {
                let y = sh as isize * (self.low[0] + row as isize) + py as isize;
                let (before, rest) = out.split_at_mut(first);
                let (inside, behind) = rest.split_at_mut(count);
                if y < 0 || y >= h as isize || count == 0 {
                    if ZEROS {
                        out.fill(0.0);
                    }
                    continue;
                }
                if ZEROS {
                    before.fill(0.0);
                    behind.fill(0.0);
                }
                every::<V>(inside, &x[y as usize * w + start..], sw);
            }
        }
    }
}

/// out[j] = line[step j]; more of the line may be read, where there is more.
#[inline(always)]
fn every<V: Vector>(out: &mut [f32], line: &[f32], step: usize) {
    let whole = if step <= 2 { out.len().min(line.len() / step) / 8 * 8 } else { 0 };
    let (vectors, rest) = out.split_at_mut(whole);
    let (lines, last) = line.split_at(whole * step);
    if step == 1 {
        for (out, line) in vectors.chunks_exact_mut(8).zip(lines.chunks_exact(8)) {
            V::Eight::from_slice(line).to_slice(out);
        }
    } else {
        for (out, line) in vectors.chunks_exact_mut(8).zip(lines.chunks_exact(16)) {
            V::part(V::Eight::from_slice(line), V::Eight::from_slice(&line[8..]))[0].to_slice(out);
        }
    }
    if step == 2 && last.len() >= 16 {
        let mut numbers = [0.0; 8];
        V::part(V::Eight::from_slice(last), V::Eight::from_slice(&last[8..]))[0].to_slice(&mut numbers);
        rest.iter_mut().zip(numbers).for_each(|(out, v)| *out = v);
    } else {
        rest.iter_mut().zip(last.iter().step_by(step)).for_each(|(out, v)| *out = *v);
    }
}
