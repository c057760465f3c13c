//! The innermost loop of everything that multiplies: a tile of the result in registers.
//!
//! An operand is read along the inner length `k`: at each step `rows` numbers of A, each broadcast, meet one or two vectors of
//! B. Six rows by two vectors are twelve sums, which hides the latency of multiply-add and leaves four of AVX2's sixteen
//! registers: two for B, one for the broadcast, one to spare. Four rows by three vectors would load less, and the compiler
//! then keeps a sum in memory, which halves the speed.

use crate::simd::Vector;

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
}

/// The matrix `c[i * stride + j]`.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) at: *mut f32,
    pub(crate) stride: usize,
    /// Whether the product is added to what stands there.
    pub(crate) add: bool,
    /// Whether it lies outside the caches: then it is asked for before its sums are made, and is there when they are.
    pub(crate) far: bool,
}

/// The columns that two vectors, or one where two do not fit, cover.
pub(crate) fn strip<V: Vector>() -> usize {
    if V::TWIN { 2 * V::LANES } else { V::LANES }
}

/// Columns of the widest tile.
const WIDEST: usize = 3 * 16;

/// Steps of the inner length between two turns of the loop.
const UNROLLED: usize = 4;

/// Asks for the vectors of B that stand [`Vector::AHEAD`] places further on. Where they lie behind the second cache, the
/// processor's own guesses come late.
#[inline(always)]
fn ask_ahead<V: Vector, const N: usize>(b: *const f32, step: usize) {
    if V::AHEAD > 0 {
        for line in 0..(N * V::LANES).div_ceil(16) {
            V::prefetch(b.wrapping_add(V::AHEAD * step + line * 16));
        }
    }
}

/// Adds one step: M numbers from `a` on times N vectors from `b` on.
#[inline(always)]
#[allow(unsafe_code, reason = "the innermost loop walks two matrices by pointers")]
#[allow(
    clippy::needless_range_loop,
    reason = "an iterator that the compiler did not inline would be a call per product"
)]
unsafe fn step<V: Vector, const M: usize, const N: usize>(a: *const f32, b: *const f32, sums: &mut [[V; N]; M]) {
    // SAFETY: the caller says that these numbers can be read.
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
#[inline(always)]
#[allow(unsafe_code, reason = "the innermost loop walks two matrices by pointers")]
unsafe fn tile<V: Vector, const M: usize, const N: usize>(k: usize, a: Operand, b: Operand) -> [[V; N]; M] {
    let mut sums = [[V::zero(); N]; M];
    let (mut pa, mut pb) = (a.at, b.at);
    for _ in 0..k / UNROLLED {
        for i in 0..UNROLLED {
            let (pa, pb) = (pa.wrapping_add(i * a.step), pb.wrapping_add(i * b.step));
            ask_ahead::<V, N>(pb, b.step);
            // SAFETY: the caller says that k steps of both operands can be read.
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
#[inline(always)]
#[allow(unsafe_code, reason = "stores by a pointer")]
unsafe fn put<V: Vector>(sum: V, at: *mut f32, add: bool) {
    // SAFETY: the caller says that a vector stands there.
    unsafe { if add { sum + V::load(at) } else { sum }.store(at) }
}

/// Stores a tile of which `columns` columns exist.
#[inline(always)]
#[allow(unsafe_code, reason = "stores by pointers")]
unsafe fn store<V: Vector, const M: usize, const N: usize>(sums: [[V; N]; M], c: Target, columns: usize) {
    for (i, row) in sums.into_iter().enumerate() {
        for (j, sum) in row.into_iter().enumerate() {
            let here = columns.saturating_sub(j * V::LANES).min(V::LANES);
            // SAFETY: the caller says that M rows of `columns` columns can be written; no more are.
            unsafe {
                let at = c.at.add(i * c.stride + j * V::LANES);
                if here == V::LANES {
                    put(sum, at, c.add);
                } else if here > 0 {
                    let mut part = [0.0; 16];
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
#[inline(always)]
#[allow(unsafe_code, reason = "walks matrices by pointers")]
unsafe fn strip_of_rows<V: Vector, const N: usize>(
    m: usize,
    k: usize,
    a: Operand,
    b: Operand,
    c: Target,
    columns: usize,
) {
    let mut i = 0;
    while i < m {
        let a = Operand { at: a.at.wrapping_add(i / ROWS * a.panel), ..a };
        let c = Target { at: c.at.wrapping_add(i * c.stride), ..c };
        if c.far {
            for row in 0..ROWS.min(m - i) {
                for line in 0..N * V::LANES / 16 {
                    V::prefetch(c.at.wrapping_add(row * c.stride + line * 16));
                }
            }
        }
        macro_rules! rows {
            ($m:literal) => {
                // SAFETY: as the caller says of all rows.
                unsafe { store(tile::<V, $m, N>(k, a, b), c, columns) }
            };
        }
        match m - i {
            1 => rows!(1),
            2 => rows!(2),
            3 => rows!(3),
            4 => rows!(4),
            5 => rows!(5),
            _ => rows!(6),
        }
        i += ROWS;
    }
}

/// Inner length of a run where neighbouring inner places of A lie apart: a line of the first cache for each.
const DEPTH_APART: usize = 128;

/// Rows up to which a strip of B is met so seldom that it need not stay in the first cache.
const FEW: usize = 4 * ROWS;

/// Inner length of their runs. A sum that is not cut at all loses more in its last places than is promised.
const LONGEST: usize = 1024;

/// Rows of A that stay in the second cache while all columns pass by.
const BLOCK: usize = 32 * ROWS;

/// C = A B, or C += A B: `m` rows, `n` columns, inner length `k`. B's tiles are [`strip`] wide.
///
/// # Safety
/// `k` steps of every tile of A and of B can be read, B's tiles in full width although fewer columns may exist, and `m` rows
/// of `n` columns of C can be written.
#[inline(always)]
#[allow(unsafe_code, reason = "walks matrices by pointers")]
pub(crate) unsafe fn product<V: Vector>(m: usize, k: usize, n: usize, a: Operand, b: Operand, c: Target) {
    let width = strip::<V>();
    let run = match a.step {
        ROWS if m <= FEW => LONGEST,
        ROWS => STRIP / width,
        _ => DEPTH_APART,
    };
    for p in (0..k).step_by(run) {
        let depth = run.min(k - p);
        for i in (0..m).step_by(BLOCK) {
            let rows = BLOCK.min(m - i);
            let a = Operand { at: a.at.wrapping_add(p * a.step + i / ROWS * a.panel), ..a };
            for (s, j) in (0..n).step_by(width).enumerate() {
                let b = Operand { at: b.at.wrapping_add(s * b.panel + p * b.step), ..b };
                let c = Target { at: c.at.wrapping_add(i * c.stride + j), add: c.add || p > 0, ..c };
                // SAFETY: parts of what the caller vouches for.
                unsafe {
                    if V::TWIN && n - j > V::LANES {
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
/// As for [`product`]; three vectors can be read from every start of a strip, although fewer columns may exist.
#[inline(always)]
#[allow(unsafe_code, reason = "walks matrices by pointers")]
pub(crate) unsafe fn product_at<V: Vector>(
    [m, n]: [usize; 2],
    offsets: &[usize],
    a: Operand,
    b: *const f32,
    c: Target,
) {
    /// One tile, from sums to store.
    #[inline(always)]
    unsafe fn tile_at<V: Vector, const M: usize, const N: usize>(
        offsets: &[usize],
        a: Operand,
        b: *const f32,
        c: Target,
    ) {
        let mut sums = [[V::zero(); N]; M];
        let mut pa = a.at;
        for &offset in offsets {
            // SAFETY: as the caller says.
            unsafe { step(pa, b.add(offset), &mut sums) }
            pa = pa.wrapping_add(a.step);
        }
        for (i, row) in sums.into_iter().enumerate() {
            for (j, sum) in row.into_iter().enumerate() {
                // SAFETY: the target has M rows of N vectors.
                unsafe { put(sum, c.at.add(i * c.stride + j * V::LANES), c.add) }
            }
        }
    }
    // Three rows by three vectors, or four to six by two: about as many sums either way.
    let width = if m <= 3 && V::TWIN { 3 * V::LANES } else { strip::<V>() };
    // A tile of which fewer columns exist goes here first: with a test in each tile the compiler keeps sums in memory.
    let mut edge = [0.0; ROWS * WIDEST];
    for j in (0..n).step_by(width) {
        for i in (0..m).step_by(ROWS) {
            let a = Operand { at: a.at.wrapping_add(i / ROWS * a.panel), ..a };
            let there = Target { at: c.at.wrapping_add(i * c.stride + j), ..c };
            let whole = n - j >= width;
            let c = if whole { there } else { Target { at: edge.as_mut_ptr(), stride: WIDEST, add: false, ..c } };
            let b = b.wrapping_add(j);
            macro_rules! rows {
                ($($m:literal: $n:literal),+) => {
                    match m - i {
                        // SAFETY: as the caller says.
                        $($m => unsafe {
                            if V::TWIN {
                                // Rows that are left over from a larger panel have its width.
                                if width == 3 * V::LANES {
                                    tile_at::<V, $m, $n>(offsets, a, b, c);
                                } else {
                                    tile_at::<V, $m, 2>(offsets, a, b, c);
                                }
                            } else {
                                tile_at::<V, $m, 1>(offsets, a, b, c);
                            }
                        },)+
                        // SAFETY: as the caller says.
                        _ => unsafe {
                            if V::TWIN {
                                tile_at::<V, 6, 2>(offsets, a, b, c);
                            } else {
                                tile_at::<V, 6, 1>(offsets, a, b, c);
                            }
                        },
                    }
                };
            }
            rows!(1: 3, 2: 3, 3: 3, 4: 2, 5: 2);
            if !whole {
                for (row, numbers) in edge.chunks(WIDEST).enumerate().take(m - i) {
                    for (x, &v) in numbers[..n - j].iter().enumerate() {
                        // SAFETY: the caller says that m rows of n columns can be written.
                        unsafe {
                            let at = there.at.add(row * there.stride + x);
                            *at = if there.add { *at + v } else { v };
                        }
                    }
                }
            }
        }
    }
}

/// The inner products of M vectors with N others. Each is so many lines of `steps` registers, and its second part says how far
/// apart lines begin.
///
/// # Safety
/// All registers of all lines can be read from every pointer.
#[inline(always)]
#[allow(unsafe_code, reason = "walks vectors by pointers")]
#[allow(clippy::needless_range_loop, reason = "as for a step of a tile")]
pub(crate) unsafe fn dots<V: Vector, const M: usize, const N: usize>(
    [lines, steps]: [usize; 2],
    a: ([*const f32; M], usize),
    b: ([*const f32; N], usize),
) -> [[f32; N]; M] {
    let mut sums = [[V::zero(); N]; M];
    for line in 0..lines {
        for step in 0..steps {
            let [at_a, at_b] = [a.1, b.1].map(|pitch| line * pitch + step * V::LANES);
            // SAFETY: the caller says that the numbers can be read.
            unsafe {
                let mut ys = [V::zero(); N];
                for j in 0..N {
                    ys[j] = V::load(b.0[j].wrapping_add(at_b));
                }
                for i in 0..M {
                    let x = V::load(a.0[i].wrapping_add(at_a));
                    for j in 0..N {
                        sums[i][j] = x.mul_add(ys[j], sums[i][j]);
                    }
                }
            }
        }
    }
    let mut totals = [[0.0; N]; M];
    for (totals, sums) in totals.iter_mut().zip(sums) {
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = sum.sum();
        }
    }
    totals
}
