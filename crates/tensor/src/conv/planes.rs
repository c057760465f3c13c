//! A channel of a picture cut into its planes, with zeros around: what reads it needs no test for edges.

use std::ops::Range;

use super::lower::Lowered;

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
    pub(super) fn fill(&self, x: &[f32], rows: &Range<usize>, out: &mut [f32]) {
        let ([h, w], [sh, sw]) = (self.input, self.step);
        for (p, plane) in out.chunks_mut(rows.len() * self.pitch).take(sh * sw).enumerate() {
            let (py, px) = (p / sw, p % sw);
            // The places q of a row that lie inside the picture: 0 <= sw (low + q) + px < w.
            let origin = sw as isize * self.low[1] + px as isize;
            let first = origin.min(0).unsigned_abs().div_ceil(sw).min(self.pitch);
            let start = (origin + (first * sw) as isize).max(0) as usize;
            let count = w.saturating_sub(start).div_ceil(sw).min(self.pitch - first);
            for (row, out) in rows.clone().zip(plane.chunks_mut(self.pitch)) {
                let y = sh as isize * (self.low[0] + row as isize) + py as isize;
                if y < 0 || y >= h as isize || count == 0 {
                    out.fill(0.0);
                    continue;
                }
                let line = &x[y as usize * w + start..(y as usize + 1) * w];
                out[..first].fill(0.0);
                out[first + count..].fill(0.0);
                every(&mut out[first..first + count], line, sw);
            }
        }
    }
}

/// out[j] = line[step j]
#[inline(always)]
fn every(out: &mut [f32], line: &[f32], step: usize) {
    match step {
        1 => out.copy_from_slice(&line[..out.len()]),
        2 => {
            let (pairs, last) = line.as_chunks::<2>();
            let mut out = out.iter_mut();
            (&mut out).zip(pairs).for_each(|(o, pair)| *o = pair[0]);
            out.zip(last).for_each(|(o, &v)| *o = v);
        }
        _ => out.iter_mut().zip(line.iter().step_by(step)).for_each(|(o, &v)| *o = v),
    }
}
