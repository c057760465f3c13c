//! Panels: the numbers that a tile meets at one inner place side by side, inner places one after another.

use crate::memory::Buffer;
use crate::parallel;
use crate::simd::{self, Kernel, Level, Vector};

/// Packs `k` inner places of `n` rows (or columns) into panels of `width`: `[t][p][i]`, zeros where the last panel ends.
/// `strides` are the distances of inner places and of rows.
pub(super) fn pack(level: Level, width: usize, k: usize, x: &[f32], strides: (usize, usize), n: usize) -> Buffer<f32> {
    let mut panels = Buffer::stale(n.div_ceil(width) * width * k);
    parallel::rows(&mut panels, width * k, |t, out| {
        let first = t * width;
        simd::run_at(level, Panel { out, width, x: &x[first * strides.1..], strides, rows: width.min(n - first) });
    });
    panels
}

/// One panel.
struct Panel<'a> {
    out: &'a mut [f32],
    width: usize,
    x: &'a [f32],
    strides: (usize, usize),
    /// Rows that exist.
    rows: usize,
}

impl Kernel for Panel<'_> {
    type Output = ();
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { out, width, x, strides, rows } = self;
        if rows < width {
            out.fill(0.0);
        }
        match strides {
            (step, 1) => copied::<V>(out, width, x, step, rows),
            (1, stride) => {
                for first in (0..rows).step_by(8) {
                    turned::<V>(out, [width, first], &x[first * stride..], stride, (rows - first).min(8));
                }
            }
            (step, stride) => {
                for (p, out) in out.chunks_mut(width).enumerate() {
                    for (i, v) in out[..rows].iter_mut().enumerate() {
                        *v = x[p * step + i * stride];
                    }
                }
            }
        }
    }
}

/// Numbers that are adjacent already: a panel of whole vectors as vectors, others number by number.
#[inline(always)]
fn copied<V: Vector>(out: &mut [f32], width: usize, x: &[f32], step: usize, rows: usize) {
    let whole = rows - rows % V::LANES;
    for (p, out) in out.chunks_mut(width).enumerate() {
        let row = &x[p * step..][..rows];
        for i in (0..whole).step_by(V::LANES) {
            V::from_slice(&row[i..]).to_slice(&mut out[i..]);
        }
        for i in whole..rows {
            out[i] = row[i];
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
            *line = V::Eight::from_slice(&x[i * stride + p..]);
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
