//! Panels: the numbers that a tile meets at one inner place side by side, inner places one after another.

use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Kernel, Level, Vector};

/// Numbers that make a task of packing.
const GRAIN: usize = 8 * 1024;
/// Adjacent rows that a task reads side by side, so that memory is read in long lines.
const LINE: usize = 64;
/// Inner places ahead that are prefetched where rows are adjacent: each place is elsewhere in memory, and the hardware prefetcher
/// does not follow (ADR 0028).
const PLACES_AHEAD: usize = 8;
/// Likewise where a row's inner places are adjacent, six or eight rows at a time.
const NUMBERS_AHEAD: usize = 64;

/// A factor of a product.
#[derive(Clone, Copy)]
pub(super) struct Factor<'a> {
    pub(super) x: &'a [f32],
    /// The distances of inner places and of rows (of B: columns).
    pub(super) strides: (usize, usize),
    /// How many rows there are.
    pub(super) rows: usize,
    /// How many go into a panel.
    pub(super) width: usize,
}

impl Factor<'_> {
    /// The panels of a task.
    fn group(&self, k: usize) -> usize {
        let adjacent = if self.strides.1 == 1 { LINE } else { 1 };
        (GRAIN / (self.width * k)).max(adjacent.div_ceil(self.width))
    }

    fn panels(&self) -> usize {
        self.rows.div_ceil(self.width)
    }
}

/// Packs `k` inner places of both factors: `[panel][place][row]`, zeros where the last panel ends.
#[allow(unsafe_code, reason = "tasks write panels of one buffer")]
pub(super) fn pack(level: Level, k: usize, factors: [Factor; 2]) -> [Buffer<f32>; 2] {
    let mut packed = factors.map(|f| Buffer::stale(f.panels() * f.width * k));
    let groups = factors.map(|f| f.panels().div_ceil(f.group(k)));
    let [a, b] = &mut packed;
    let targets = [Scatter::new(a), Scatter::new(b)];
    parallel::tasks(groups[0] + groups[1], |task| {
        let (which, group) = if task < groups[0] { (0, task) } else { (1, task - groups[0]) };
        let factor = factors[which];
        let first = group * factor.group(k);
        let panels = factor.group(k).min(factor.panels() - first);
        // SAFETY: groups are apart, and each is one task's.
        let out = unsafe { targets[which].part(first * factor.width * k, panels * factor.width * k) };
        simd::run_at(level, Group { out, k, factor, first: first * factor.width });
    });
    packed
}

/// Packs some adjacent panels of one factor, for the task that meets them.
pub(super) fn pack_part(level: Level, k: usize, factor: Factor, first: usize, panels: usize) -> Buffer<f32> {
    let mut packed = Buffer::stale(panels * factor.width * k);
    simd::run_at(level, Group { out: &mut packed, k, factor, first });
    packed
}

/// Some adjacent panels, from row `first` on.
struct Group<'a> {
    out: &'a mut [f32],
    k: usize,
    factor: Factor<'a>,
    first: usize,
}

impl Kernel for Group<'_> {
    type Output = ();
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { out, k, factor: Factor { x, strides, rows, width }, first } = self;
        if rows - first < out.len() / k {
            out.fill(0.0);
        }
        let x = &x[first * strides.1..];
        let rows = (rows - first).min(out.len() / k);
        match strides {
            (step, 1) => copied::<V>(out, [k, width], x, step, rows),
            (1, stride) => {
                for (t, out) in out.chunks_mut(width * k).enumerate() {
                    let here = width.min(rows - t * width);
                    for i in (0..here).step_by(8) {
                        turned::<V>(out, [width, i], &x[(t * width + i) * stride..], stride, (here - i).min(8));
                    }
                }
            }
            (step, stride) => {
                for (t, out) in out.chunks_mut(width * k).enumerate() {
                    for i in 0..width.min(rows - t * width) {
                        let row = x[(t * width + i) * stride..].iter().step_by(step);
                        out[i..].iter_mut().step_by(width).zip(row).for_each(|(o, v)| *o = *v);
                    }
                }
            }
        }
    }
}

/// Rows that are adjacent already: line by line of all panels, as vectors where they fit.
#[inline(always)]
fn copied<V: Vector>(out: &mut [f32], [k, width]: [usize; 2], x: &[f32], step: usize, rows: usize) {
    for p in 0..k {
        let line = &x[p * step..][..rows];
        for (t, line) in line.chunks(width).enumerate() {
            V::prefetch(line.as_ptr().wrapping_add(PLACES_AHEAD * step));
            let out = &mut out[(t * k + p) * width..][..line.len()];
            let (vectors, rest) = out.split_at_mut(line.len() - line.len() % V::LANES);
            for (out, line) in vectors.chunks_exact_mut(V::LANES).zip(line.chunks_exact(V::LANES)) {
                V::from_slice(line).to_slice(out);
            }
            for (out, v) in rest.iter_mut().zip(&line[vectors.len()..]) {
                *out = *v;
            }
        }
    }
}

/// Up to eight rows, whose inner places are adjacent, become the columns from `first` on of a panel of `width`: by squares
/// of eight while a whole line of eight can be written behind `first`, and what is left number by number. A line that is
/// too long for its panel runs into the next place, which is written after it.
#[inline(always)]
fn turned<V: Vector>(out: &mut [f32], [width, first]: [usize; 2], x: &[f32], stride: usize, rows: usize) {
    let k = out.len() / width;
    let lines = (out.len() - first).saturating_sub(8) / width;
    let whole = if rows == 8 || width < 8 { k.min(lines + 1) / 8 * 8 } else { 0 };
    for p in (0..whole).step_by(8) {
        let mut square = [V::Eight::zero(); 8];
        for (i, line) in square.iter_mut().enumerate().take(rows) {
            let x = &x[i * stride + p..];
            V::prefetch(x.as_ptr().wrapping_add(NUMBERS_AHEAD));
            *line = V::Eight::from_slice(x);
        }
        for (i, line) in V::transpose(square).into_iter().enumerate() {
            line.to_slice(&mut out[(p + i) * width + first..]);
        }
    }
    for p in whole..k {
        for i in 0..rows {
            out[p * width + first + i] = x[i * stride + p];
        }
    }
}
