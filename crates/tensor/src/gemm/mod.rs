//! Matrix products. `f32`: packed panels and [`tile`]s, in parallel, for operands of any strides. `f64`: `matrixmultiply`.
//!
//! Both factors are packed first, in the order in which they will be read: A into panels of six rows, B into strips of two
//! vectors of columns. Then, with the names that the literature has for the sizes:
//!
//! ```text
//! for each block of C, 96 x 1024 or less         MC x NC  one task               packed
//!     for each run of the inner length           KC       32 KB of a strip       tile::product
//!         for each strip of B                    NR       stays in the L1 cache
//!             for each panel of A                MR       A's run stays in L2    tile::strip_of_rows
//!                 for each inner place                    12 multiply-adds       tile::tile
//! ```
//!
//! Blocks are cut by size alone, and a block adds its runs in order: the same bits at any number of threads.
//!
//! # Source
//! Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.

#![allow(clippy::needless_pass_by_value, reason = "the description of a product is spent by computing it")]

mod pack;
pub(crate) mod tile;

use self::pack::{Factor, pack, pack_part};
use self::tile::{Operand, ROWS, Target, product, strip};
use crate::element::Element;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Kernel, Vector};

/// One matrix product `c = a b + beta c` of strided matrices: a is m x k, b is k x n, c is m x n.
#[doc(hidden)]
pub struct Gemm<'a, T> {
    pub m: usize,
    pub k: usize,
    pub n: usize,
    pub a: &'a [T],
    /// Distance of two rows, and of two columns, of `a`.
    pub a_strides: (usize, usize),
    pub b: &'a [T],
    /// Distance of two rows, and of two columns, of `b`.
    pub b_strides: (usize, usize),
    pub beta: T,
    pub c: &'a mut [T],
    /// Distance of two rows of `c`; its columns are adjacent.
    pub c_stride: usize,
}

impl<T> Gemm<'_, T> {
    /// Panics unless every element that the strides reach lies inside its slice.
    pub(crate) fn check_bounds(&self) {
        let last = |rows: usize, cols: usize, (rs, cs): (usize, usize)| (rows - 1) * rs + (cols - 1) * cs;
        if self.m == 0 || self.n == 0 {
            return;
        }
        assert!(last(self.m, self.n, (self.c_stride, 1)) < self.c.len(), "gemm: c is too short");
        if self.k > 0 {
            assert!(last(self.m, self.k, self.a_strides) < self.a.len(), "gemm: a is too short");
            assert!(last(self.k, self.n, self.b_strides) < self.b.len(), "gemm: b is too short");
        }
    }
}

/// Rows of a block of C: a run of them takes 96 to 384 KB of the second cache, the more the narrower a strip is.
const BLOCK_ROWS: usize = 16 * ROWS;
/// Columns of a block of C.
const BLOCK_COLUMNS: usize = 1024;
/// Blocks that a product should have, so that many threads find work.
const BLOCKS: usize = 32;
/// Numbers of B that a task packs for itself: 256 KB, half of a second cache of 512.
const ALONE: usize = (256 << 10) / size_of::<f32>();
/// Multiplications below which packing and tasks cost more than they save.
const SMALL: usize = 16 * 16 * 16;

/// The product for `f32`.
pub(crate) fn sgemm(g: Gemm<'_, f32>) {
    g.check_bounds();
    if g.m == 0 || g.n == 0 {
        return;
    }
    let is_small = g.m * g.n * g.k <= SMALL;
    if is_small || (g.beta != 0.0 && g.beta != 1.0) {
        scale(g.c, g.m, g.n, g.c_stride, g.beta);
    }
    if is_small { small(g) } else { packed(g) }
}

/// The product for `f64`.
#[allow(unsafe_code, reason = "matrixmultiply takes raw pointers; the bounds are checked first")]
pub(crate) fn dgemm(g: Gemm<'_, f64>) {
    g.check_bounds();
    if g.m == 0 || g.n == 0 {
        return;
    }
    if g.k == 0 {
        return scale(g.c, g.m, g.n, g.c_stride, g.beta);
    }
    let stride = |s: usize| isize::try_from(s).expect("a stride within isize");
    parallel::chunks(g.c, BLOCK_ROWS * g.c_stride, |block, c| {
        let first = block * BLOCK_ROWS;
        // A last block may hold less than a whole row's stride, or gaps behind the last row.
        let rows = BLOCK_ROWS.min(g.m.saturating_sub(first));
        if rows == 0 {
            return;
        }
        // SAFETY: check_bounds has proved that every index the strides reach lies inside a, b and c; this task's rows of c
        // are its own chunk of it, and c is borrowed mutably, so it cannot overlap a or b.
        unsafe {
            matrixmultiply::dgemm(
                rows,
                g.k,
                g.n,
                1.0,
                g.a[first * g.a_strides.0..].as_ptr(),
                stride(g.a_strides.0),
                stride(g.a_strides.1),
                g.b.as_ptr(),
                stride(g.b_strides.0),
                stride(g.b_strides.1),
                g.beta,
                c.as_mut_ptr(),
                stride(g.c_stride),
                1,
            );
        }
    });
}

fn scale<T: Element>(c: &mut [T], m: usize, n: usize, stride: usize, beta: T) {
    let zero = T::splat(0.0);
    for row in c.chunks_mut(stride).take(m) {
        // Zero is not multiplied: what stands there may be anything.
        row[..n].iter_mut().for_each(|v| *v = if beta == zero { zero } else { beta * *v });
    }
}

/// Row by row, without packing.
fn small(g: Gemm<'_, f32>) {
    for (i, row) in g.c.chunks_mut(g.c_stride).take(g.m).enumerate() {
        for p in 0..g.k {
            let a = g.a[i * g.a_strides.0 + p * g.a_strides.1];
            let b = &g.b[p * g.b_strides.0..];
            if g.b_strides.1 == 1 {
                row[..g.n].iter_mut().zip(b).for_each(|(c, &b)| *c += a * b);
            } else {
                row[..g.n].iter_mut().zip(b.iter().step_by(g.b_strides.1)).for_each(|(c, &b)| *c += a * b);
            }
        }
    }
}

/// Rows and columns of a block, from the size of the product alone.
fn block(m: usize, n: usize, strip: usize) -> (usize, usize) {
    let (mut rows, mut columns) = (BLOCK_ROWS, BLOCK_COLUMNS);
    while m.div_ceil(rows) * n.div_ceil(columns) < BLOCKS {
        if columns > 4 * strip {
            columns /= 2;
        } else if rows > 4 * ROWS {
            rows /= 2;
        } else {
            break;
        }
    }
    (rows, columns)
}

fn packed(g: Gemm<'_, f32>) {
    // The level decides the width of a panel: read once, so that packing and product agree whatever happens meanwhile.
    let level = simd::level();
    let width = simd::run_at(level, StripWidth);
    let (rows, columns) = block(g.m, g.n, width);
    let down = g.m.div_ceil(rows);
    let a = Factor { x: g.a, strides: (g.a_strides.1, g.a_strides.0), rows: g.m, width: ROWS };
    let b = Factor { x: g.b, strides: g.b_strides, rows: g.n, width };
    // With one row of blocks each column of B is read by one task only. That task packs it, so here B has no rows to pack
    // (ADR 0028).
    let alone = down == 1;
    let columns = if alone { columns.min((ALONE / g.k / width).max(4) * width) } else { columns };
    let [packed_a, packed_b] = pack(level, g.k, [a, if alone { Factor { rows: 0, ..b } } else { b }]);
    let c = Scatter::new(g.c);
    parallel::tasks(down * g.n.div_ceil(columns), |task| {
        let (i, j) = (task % down * rows, task / down * columns);
        let (m, n) = (rows.min(g.m - i), columns.min(g.n - j));
        let own = alone.then(|| pack_part(level, g.k, b, j, n.div_ceil(width)));
        let here = own.as_ref().map_or_else(|| &packed_b[j * g.k..], |own| &own[..]);
        let at = c.at(i * g.c_stride + j, (m - 1) * g.c_stride + n);
        simd::run_at(
            level,
            Block {
                size: [m, g.k, n],
                a: Operand { at: packed_a[i * g.k..].as_ptr(), step: ROWS, panel: ROWS * g.k },
                b: Operand { at: here.as_ptr(), step: width, panel: width * g.k },
                c: Target { at, stride: g.c_stride, add: g.beta != 0.0, far: false },
            },
        );
    });
}

struct StripWidth;
impl Kernel for StripWidth {
    type Output = usize;
    #[inline(always)]
    fn run<V: Vector>(self) -> usize {
        strip::<V>()
    }
}

/// One block of C. Its operands are whole panels, padded with zeros.
struct Block {
    size: [usize; 3],
    a: Operand,
    b: Operand,
    c: Target,
}
impl Kernel for Block {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "the kernel walks its operands by pointers")]
    fn run<V: Vector>(self) {
        let [m, k, n] = self.size;
        // SAFETY: `packed` made the panels for these sizes and this level, and gave this block of C to this task alone.
        unsafe { product::<V>(m, k, n, self.a, self.b, self.c) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Random, Tensor};

    #[test]
    fn every_size_and_layout_agrees_with_f64() {
        let mut random = Random::new(3, 0);
        for (m, k, n) in
            [(1, 1, 1), (6, 16, 16), (7, 300, 33), (97, 1030, 2100), (5, 700, 3), (130, 40, 70), (64, 600, 48)]
        {
            for (ta, tb) in [(false, false), (true, false), (false, true)] {
                let [a, b]: [Tensor; 2] = [(m, k), (k, n)].map(|(r, c)| random.normal([r, c], 0.0, 1.0));
                let want = a.cast::<f64>().matmul(&b.cast());
                let (a, a_strides) = if ta { (a.transpose(), (1, m)) } else { (a, (k, 1)) };
                let (b, b_strides) = if tb { (b.transpose(), (1, k)) } else { (b, (n, 1)) };
                let mut c = vec![0.5; m * n];
                let (a, b) = (a.data(), b.data());
                sgemm(Gemm { m, k, n, a, a_strides, b, b_strides, beta: 2.0, c: &mut c, c_stride: n });
                let largest = want.data().iter().fold(1.0, |m: f64, v| m.max(v.abs()));
                for (got, want) in c.iter().zip(want.data()) {
                    assert!((f64::from(*got) - 1.0 - want).abs() < 2e-6 * largest, "{m} {k} {n}: {got} {want}");
                }
            }
        }
    }
}
