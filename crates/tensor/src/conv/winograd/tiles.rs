//! Eight tiles at a time: rows are read as vectors and transformed along columns, a transpose puts tiles into lanes, and the
//! second transform works along rows. What comes out has one vector of eight tiles for each point.

use super::scheme::{Matrix, SIDE};
use crate::simd::Vector;

/// Where the rows of a tile begin, and their distance.
#[derive(Clone, Copy)]
pub(super) struct Corner {
    pub(super) at: *const f32,
    pub(super) pitch: usize,
}

impl Corner {
    /// The one that begins `offset` numbers further on.
    #[inline(always)]
    pub(super) fn moved(self, offset: usize) -> Self {
        Self { at: self.at.wrapping_add(offset), ..self }
    }
}

/// A plane to read tiles from: `rows` by `columns` places from `at` on, rows `pitch` apart.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) at: *const f32,
    pub(super) pitch: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// Room for the tiles of one group that reach over an edge.
pub(super) type Patches = [[f32; SIDE * SIDE]; 8];

static ZEROS: [f32; SIDE * SIDE] = [0.0; SIDE * SIDE];

/// A tile of nothing.
pub(super) fn nothing() -> Corner {
    Corner { at: ZEROS.as_ptr(), pitch: SIDE }
}

impl View {
    /// The tile whose first place is (`y`, `x`) and that has `side` rows of eight places: in the plane itself if it lies
    /// inside, else copied with zeros around.
    #[inline(always)]
    #[allow(unsafe_code, reason = "copies rows by pointers")]
    pub(super) fn tile(&self, y: isize, x: isize, side: usize, patch: &mut [f32; SIDE * SIDE]) -> Corner {
        let start = self.at.wrapping_offset(y * self.pitch as isize + x);
        let (rows, columns) = (self.rows as isize, self.columns as isize);
        if y >= 0 && x >= 0 && y + side as isize <= rows && x + SIDE as isize <= columns {
            return Corner { at: start, pitch: self.pitch };
        }
        let (first, end) = ((-x).clamp(0, SIDE as isize), (columns - x).clamp(0, SIDE as isize));
        for (i, row) in patch.chunks_mut(SIDE).take(side).enumerate() {
            row.fill(0.0);
            let inside = (0..rows).contains(&(y + i as isize));
            if inside && first < end {
                let from = start.wrapping_offset((i * self.pitch) as isize + first);
                let row = &mut row[first as usize..end as usize];
                // SAFETY: row y + i exists, and so do its places x + first to x + end.
                unsafe { copy(from, row.len(), row.as_mut_ptr()) }
            }
        }
        Corner { at: patch.as_ptr(), pitch: SIDE }
    }
}

/// Copies fewer than sixteen numbers, in pieces of fixed lengths: a copy of so many would be a call.
///
/// # Safety
/// So many can be read and written, and the two do not overlap.
#[inline(always)]
#[allow(unsafe_code, reason = "copies by pointers")]
pub(super) unsafe fn copy(from: *const f32, count: usize, to: *mut f32) {
    let mut done = 0;
    macro_rules! pieces {
        ($($length:literal)+) => {$(
            if count - done >= $length {
                // SAFETY: so many are left, of `count`.
                unsafe { to.add(done).copy_from_nonoverlapping(from.add(done), $length) }
                done += $length;
            }
        )+};
    }
    pieces!(8 4 2 1);
    debug_assert_eq!(done, count, "fewer than sixteen");
}

/// A square of vectors: one vector of eight tiles for each place or point. Kernels make theirs once and hand them in.
pub(super) type Square<E> = [[E; SIDE]; SIDE];

/// An empty one.
#[inline(always)]
pub(super) fn square<E: Vector>() -> Square<E> {
    [[E::zero(); SIDE]; SIDE]
}

/// Transforms eight tiles of `rows` rows by M in both directions and writes its `points` squared vectors, `distance` apart.
///
/// # Safety
/// Every row of every tile has eight places to read, and `out` has room for eight numbers at every distance.
#[inline(always)]
#[allow(unsafe_code, reason = "reads tiles and writes vectors by pointers")]
pub(super) unsafe fn transform<E: Vector<Eight = E>, M: Matrix>(
    tiles: &[Corner; 8],
    rows: usize,
    points: usize,
    half: &mut Square<E>,
    out: *mut f32,
    distance: usize,
) {
    for (l, tile) in tiles.iter().enumerate() {
        let mut x = [E::zero(); SIDE];
        for (i, x) in x.iter_mut().enumerate().take(rows) {
            // SAFETY: the caller says that the tile's rows can be read.
            *x = unsafe { E::load(tile.at.wrapping_add(i * tile.pitch)) };
        }
        for (half, x) in half.iter_mut().zip(M::times(x)).take(points) {
            half[l] = x;
        }
    }
    for (i, half) in half.iter().enumerate().take(points) {
        let x = M::times(E::transpose(*half));
        for (j, x) in x.into_iter().enumerate().take(points) {
            // SAFETY: the caller says that there is room.
            unsafe { x.store(out.wrapping_add((i * points + j) * distance)) };
        }
    }
}

/// The reverse: reads `points` squared vectors of eight tiles and gives `sides` by `sides` of them.
///
/// # Safety
/// Eight numbers can be read from `x` on at every distance.
#[inline(always)]
#[allow(unsafe_code, reason = "reads vectors by pointers")]
pub(super) unsafe fn inverse<E: Vector<Eight = E>, M: Matrix>(
    x: *const f32,
    distance: usize,
    points: usize,
    sides: usize,
    half: &mut Square<E>,
    out: &mut Square<E>,
) {
    for i in 0..points {
        let mut row = [E::zero(); SIDE];
        for (j, v) in row.iter_mut().enumerate().take(points) {
            // SAFETY: the caller says that it can be read.
            *v = unsafe { E::load(x.wrapping_add((i * points + j) * distance)) };
        }
        for (half, v) in half.iter_mut().zip(M::times(row)).take(sides) {
            half[i] = v;
        }
    }
    for (j, half) in half.iter().enumerate().take(sides) {
        for (out, v) in out.iter_mut().zip(M::times(*half)).take(sides) {
            out[j] = v;
        }
    }
}
