//! The innermost loop of everything that multiplies: a tile of the result in registers.
//!
//! An operand is read along the inner length `k`: at each step `rows` numbers of A, each broadcast, meet one or two vectors of
//! B. Six rows by two vectors are twelve sums, which hides the latency of multiply-add and leaves four of AVX2's sixteen
//! registers: two for B, one for the broadcast, one to spare. Four rows by three vectors would load less, and the compiler
//! then keeps a sum in memory, which halves the speed (ADR 0013).

#![allow(unsafe_code, reason = "tiles walk matrices by pointers")]

use crate::cache::LINE;
use crate::simd::{MAX_LANES, Vector};

/// Rows of a tile.
pub(crate) const ROWS: usize = 6;
/// Numbers of B in a run of a strip, 32 KB: a common first cache. They stay in it, or near it, while all rows of A pass by. That
/// is an inner length of 256 with AVX-512, 512 with AVX2 and 1024 without either.
const STRIP: usize = (32 << 10) / size_of::<f32>();

/// A matrix as tiles read it: `at + step * p + panel * t` is where tile `t` begins at inner place `p`; a tile's own numbers
/// are adjacent.
#[derive(Clone, Copy)]
pub(crate) struct Operand {
    pub(crate) at: *const f32,
    /// Distance of neighbouring inner places.
    pub(crate) step: usize,
    /// Distance of neighbouring tiles.
    pub(crate) panel: usize,
}

impl Operand {
    /// Adjacent numbers of neighbouring tiles adjacent: a matrix `[k, step]`, the inner length outermost.
    pub(crate) fn plain(at: *const f32, step: usize, width: usize) -> Self {
        Self { at, step, panel: width }
    }

    /// Whether it is an A in panels, whose inner places lie one behind another.
    fn is_packed(&self) -> bool {
        self.step == ROWS
    }

    /// From inner place `p` of tile `t` on.
    fn from(self, p: usize, t: usize) -> Self {
        Self { at: self.at.wrapping_add(p * self.step + t * self.panel), ..self }
    }
}

/// The matrix `c[i * stride + j]`, written or added to.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) at: *mut f32,
    pub(crate) stride: usize,
    /// Whether the product is added to what stands there.
    pub(crate) add: bool,
    /// Whether it lies outside the caches: then it is prefetched before its sums are made.
    pub(crate) far: bool,
}

impl Target {
    /// From row `i` and column `j` on.
    fn from(self, i: usize, j: usize) -> Self {
        Self { at: self.at.wrapping_add(i * self.stride + j), ..self }
    }
}

/// The columns that two vectors, or one where two do not fit, cover.
pub(crate) fn strip<V: Vector>() -> usize {
    if V::TWO_COLUMNS { 2 * V::LANES } else { V::LANES }
}

/// Columns of the widest strip of any level.
pub(crate) const WIDEST_STRIP: usize = 2 * MAX_LANES;

/// Columns of the widest tile, which is [`product_at`]'s: as much may be read from the first column of a tile on.
pub(crate) const WIDEST_TILE: usize = 3 * MAX_LANES;

/// Calls a function of a constant number of rows, for as many as are left.
macro_rules! by_rows {
    ($left:expr, [$($rows:literal)+ or more: $all:literal], $M:ident => $call:expr) => {
        match $left {
            $($rows => {
                const $M: usize = $rows;
                $call
            })+
            _ => {
                const $M: usize = $all;
                $call
            }
        }
    };
}

/// Steps of the inner length between two turns of the loop.
const UNROLLED: usize = 4;

/// Prefetches the vectors of B that stand [`Vector::PREFETCH_DISTANCE`] places further on. Where they lie behind the second cache,
/// the hardware prefetcher comes late.
#[inline(always)]
fn prefetch_ahead<V: Vector, const N: usize>(b: *const f32, step: usize) {
    if V::PREFETCH_DISTANCE > 0 {
        for line in 0..(N * V::LANES).div_ceil(LINE) {
            V::prefetch(b.wrapping_add(V::PREFETCH_DISTANCE * step + line * LINE));
        }
    }
}

/// Adds one step: M numbers from `a` on times N vectors from `b` on.
///
/// # Safety
/// They can be read.
#[inline(always)]
#[allow(
    clippy::needless_range_loop,
    reason = "an iterator that the compiler did not inline would be a call per product"
)]
unsafe fn step<V: Vector, const M: usize, const N: usize>(a: *const f32, b: *const f32, sums: &mut [[V; N]; M]) {
    // SAFETY: as the caller says.
    unsafe {
        let mut columns = [V::zero(); N];
        for j in 0..N {
            columns[j] = V::load(b.add(j * V::LANES));
        }
        for i in 0..M {
            let row = V::splat(*a.add(i));
            for j in 0..N {
                sums[i][j] = row.mul_add(columns[j], sums[i][j]);
            }
        }
    }
}

/// sum over p of `a[p][0..M]` times `b[p][0..N vectors]`
///
/// # Safety
/// `k` inner places of both operands can be read.
#[inline(always)]
unsafe fn tile<V: Vector, const M: usize, const N: usize>(k: usize, a: Operand, b: Operand) -> [[V; N]; M] {
    let mut sums = [[V::zero(); N]; M];
    let (mut pa, mut pb) = (a.at, b.at);
    for _ in 0..k / UNROLLED {
        for i in 0..UNROLLED {
            let (pa, pb) = (pa.wrapping_add(i * a.step), pb.wrapping_add(i * b.step));
            prefetch_ahead::<V, N>(pb, b.step);
            // SAFETY: as the caller says.
            unsafe { step(pa, pb, &mut sums) }
        }
        pa = pa.wrapping_add(UNROLLED * a.step);
        pb = pb.wrapping_add(UNROLLED * b.step);
    }
    for _ in 0..k % UNROLLED {
        // SAFETY: as above.
        unsafe { step(pa, pb, &mut sums) }
        pa = pa.wrapping_add(a.step);
        pb = pb.wrapping_add(b.step);
    }
    sums
}

/// Stores a vector, or adds it to what stands there.
///
/// # Safety
/// It can be read and written.
#[inline(always)]
unsafe fn put<V: Vector>(sum: V, at: *mut f32, add: bool) {
    // SAFETY: as the caller says.
    unsafe { if add { sum + V::load(at) } else { sum }.store(at) }
}

/// Stores a tile of which `columns` columns exist.
///
/// # Safety
/// M rows of them can be read and written.
#[inline(always)]
unsafe fn store<V: Vector, const M: usize, const N: usize>(sums: [[V; N]; M], c: Target, columns: usize) {
    for (i, row) in sums.into_iter().enumerate() {
        for (j, sum) in row.into_iter().enumerate() {
            let here = columns.saturating_sub(j * V::LANES).min(V::LANES);
            // SAFETY: as the caller says; of the last vector only what exists is written.
            unsafe {
                let at = c.at.add(i * c.stride + j * V::LANES);
                if here == V::LANES {
                    put(sum, at, c.add);
                } else if here > 0 {
                    let mut part = [0.0; MAX_LANES];
                    sum.to_slice(&mut part);
                    for (x, v) in part[..here].iter().enumerate() {
                        *at.add(x) = if c.add { *at.add(x) + v } else { *v };
                    }
                }
            }
        }
    }
}

/// All rows of one strip of columns.
///
/// # Safety
/// As for [`product`], of one strip.
#[inline(always)]
unsafe fn strip_of_rows<V: Vector, const N: usize>(
    m: usize,
    k: usize,
    a: Operand,
    b: Operand,
    c: Target,
    columns: usize,
) {
    for i in (0..m).step_by(ROWS) {
        let (a, c) = (a.from(0, i / ROWS), c.from(i, 0));
        if c.far {
            for row in 0..ROWS.min(m - i) {
                for line in 0..N * V::LANES / LINE {
                    V::prefetch(c.from(row, line * LINE).at);
                }
            }
        }
        // SAFETY: as the caller says of all rows.
        by_rows!(m - i, [1 2 3 4 5 or more: 6], M => unsafe { store(tile::<V, M, N>(k, a, b), c, columns) });
    }
}

/// Inner length of a run where neighbouring inner places of A lie apart: a line of the first cache for each.
const DEPTH_APART: usize = 128;

/// Rows up to which a strip of B is met so seldom that it need not stay in the first cache.
const FEW: usize = 4 * ROWS;

/// Inner length of their runs. A sum that is not cut at all loses more in its last places than is promised.
const LONGEST: usize = 1024;

/// Rows of A that stay in the second cache while all columns pass by. Matrix products have fewer, from their blocks; this cuts
/// Winograd's products, whose rows are all outputs.
const BLOCK: usize = 32 * ROWS;

/// C = A B, or C += A B: `m` rows, `n` columns, inner length `k`. B's tiles are [`strip`] wide.
///
/// # Safety
/// `k` steps of every tile of A and of B can be read, B's tiles in full width although fewer columns may exist, and `m` rows
/// of `n` columns of C can be written.
#[inline(always)]
pub(crate) unsafe fn product<V: Vector>(m: usize, k: usize, n: usize, a: Operand, b: Operand, c: Target) {
    let width = strip::<V>();
    let run = match a.is_packed() {
        true if m <= FEW => LONGEST,
        true => STRIP / width,
        false => DEPTH_APART,
    };
    for p in (0..k).step_by(run) {
        let depth = run.min(k - p);
        for i in (0..m).step_by(BLOCK) {
            let rows = BLOCK.min(m - i);
            let a = a.from(p, i / ROWS);
            for (s, j) in (0..n).step_by(width).enumerate() {
                let (b, c) = (b.from(p, s), Target { add: c.add || p > 0, ..c.from(i, j) });
                // SAFETY: parts of what the caller vouches for.
                unsafe {
                    if V::TWO_COLUMNS && n - j > V::LANES {
                        strip_of_rows::<V, 2>(rows, depth, a, b, c, n - j);
                    } else {
                        strip_of_rows::<V, 1>(rows, depth, a, b, c, n - j);
                    }
                }
            }
        }
    }
}

/// [`product`] with a B whose inner place `p` begins at `b + offsets[p]`: `size` is rows and columns.
///
/// # Safety
/// As for [`product`]; [`WIDEST_TILE`] columns can be read from every start of a tile, although fewer may exist.
#[inline(always)]
pub(crate) unsafe fn product_at<V: Vector>(size: [usize; 2], offsets: &[usize], a: Operand, b: *const f32, c: Target) {
    // SAFETY: as the caller says.
    unsafe {
        match (V::TWO_COLUMNS, size[0] <= 3) {
            // Three rows by three vectors are about as many sums as six by two.
            (true, true) => columns_at::<V, 3>(size, offsets, a, b, c),
            (true, false) => columns_at::<V, 2>(size, offsets, a, b, c),
            (false, _) => columns_at::<V, 1>(size, offsets, a, b, c),
        }
    }
}

/// [`product_at`], N vectors of columns at a time.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn columns_at<V: Vector, const N: usize>(
    [m, n]: [usize; 2],
    offsets: &[usize],
    a: Operand,
    b: *const f32,
    c: Target,
) {
    let width = N * V::LANES;
    // A tile of which fewer columns exist goes here first: with a test in each tile, as `store` has it, the compiler keeps these
    // sums in memory.
    let mut edge = [0.0; ROWS * WIDEST_TILE];
    for j in (0..n).step_by(width) {
        for i in (0..m).step_by(ROWS) {
            let (a, there, whole) = (a.from(0, i / ROWS), c.from(i, j), n - j >= width);
            let c = if whole { there } else { Target { at: edge.as_mut_ptr(), stride: WIDEST_TILE, add: false, ..c } };
            let b = b.wrapping_add(j);
            // SAFETY: as the caller says.
            unsafe {
                if N == 3 {
                    by_rows!(m - i, [1 2 or more: 3], M => tile_at::<V, M, N>(offsets, a, b, c));
                } else {
                    by_rows!(m - i, [1 2 3 4 5 or more: 6], M => tile_at::<V, M, N>(offsets, a, b, c));
                }
            }
            if !whole {
                for (row, numbers) in edge.chunks(WIDEST_TILE).enumerate().take(m - i) {
                    for (x, &v) in numbers[..n - j].iter().enumerate() {
                        // SAFETY: the caller says that m rows of n columns can be written.
                        unsafe {
                            let at = there.from(row, x).at;
                            *at = if there.add { *at + v } else { v };
                        }
                    }
                }
            }
        }
    }
}

/// One tile of [`product_at`], from sums to store.
///
/// # Safety
/// N vectors can be read at every offset, and M rows of them written.
#[inline(always)]
unsafe fn tile_at<V: Vector, const M: usize, const N: usize>(offsets: &[usize], a: Operand, b: *const f32, c: Target) {
    let mut sums = [[V::zero(); N]; M];
    let mut pa = a.at;
    for &offset in offsets {
        // SAFETY: as the caller says.
        unsafe { step(pa, b.add(offset), &mut sums) }
        pa = pa.wrapping_add(a.step);
    }
    for (i, row) in sums.into_iter().enumerate() {
        for (j, sum) in row.into_iter().enumerate() {
            // SAFETY: as the caller says.
            unsafe { put(sum, c.from(i, j * V::LANES).at, c.add) }
        }
    }
}

/// Vectors on either side of [`dots`]: twelve sums, three numbers of one side and one of the other fill AVX2's sixteen registers.
pub(crate) const DOTS: [usize; 2] = [4, 3];

/// M vectors as [`dots`] reads them: where each begins, and how far apart its lines are.
#[derive(Clone, Copy)]
pub(crate) struct Lines<const M: usize> {
    pub(crate) at: [*const f32; M],
    pub(crate) pitch: usize,
}

/// The inner products of M vectors with N others, each of so many lines of `steps` registers.
///
/// # Safety
/// All registers of all lines can be read from every pointer.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "as for a step of a tile")]
pub(crate) unsafe fn dots<V: Vector, const M: usize, const N: usize>(
    [lines, steps]: [usize; 2],
    a: Lines<M>,
    b: Lines<N>,
) -> [[f32; N]; M] {
    let mut sums = [[V::zero(); N]; M];
    for line in 0..lines {
        for step in 0..steps {
            let [at_a, at_b] = [a.pitch, b.pitch].map(|pitch| line * pitch + step * V::LANES);
            // SAFETY: as the caller says.
            unsafe {
                let mut ys = [V::zero(); N];
                for j in 0..N {
                    ys[j] = V::load(b.at[j].wrapping_add(at_b));
                }
                for i in 0..M {
                    let x = V::load(a.at[i].wrapping_add(at_a));
                    for j in 0..N {
                        sums[i][j] = x.mul_add(ys[j], sums[i][j]);
                    }
                }
            }
        }
    }
    // Loops: a closure would be compiled without the instructions.
    let mut totals = [[0.0; N]; M];
    for (totals, sums) in totals.iter_mut().zip(sums) {
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = sum.sum();
        }
    }
    totals
}
