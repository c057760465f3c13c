//! The only file that knows of threads.
//!
//! Work is cut by size, each task has its own output, and callers combine what tasks give in the order of their indices. That
//! is why results never depend on the number of threads.

use std::marker::PhantomData;

use rayon::prelude::*;

/// Elements that make a task worth its hand-over.
pub(crate) const GRAIN: usize = 16 * 1024;

/// Calls `f(i, chunk)` for the i-th piece of `out`, each `size` elements long (the last may be shorter).
pub(crate) fn chunks<T: Send>(out: &mut [T], size: usize, f: impl Fn(usize, &mut [T]) + Sync + Send) {
    let size = size.max(1);
    if out.len() <= size {
        if !out.is_empty() {
            f(0, out);
        }
        return;
    }
    out.par_chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
}

/// Calls `f(i, a_chunk, b_chunk)` for the i-th pieces of two slices, which have the same number of pieces.
pub(crate) fn both<A: Send, B: Send>(
    (a, a_size): (&mut [A], usize),
    (b, b_size): (&mut [B], usize),
    f: impl Fn(usize, &mut [A], &mut [B]) + Sync + Send,
) {
    debug_assert_eq!(a.len().div_ceil(a_size), b.len().div_ceil(b_size), "as many pieces of both");
    a.par_chunks_mut(a_size).zip(b.par_chunks_mut(b_size)).enumerate().for_each(|(i, (a, b))| f(i, a, b));
}

/// Calls `f(i, chunks)` for the i-th pieces, each [`GRAIN`] long, of three slices of one length.
pub(crate) fn three<T: Send>([a, b, c]: [&mut [T]; 3], f: impl Fn(usize, [&mut [T]; 3]) + Sync + Send) {
    let pieces = a.par_chunks_mut(GRAIN).zip(b.par_chunks_mut(GRAIN)).zip(c.par_chunks_mut(GRAIN));
    pieces.enumerate().for_each(|(i, ((a, b), c))| f(i, [a, b, c]));
}

/// Calls `f(row, out_row)` for every piece of `out` that is `width` elements long, several rows a task.
pub(crate) fn rows<T: Send>(out: &mut [T], width: usize, f: impl Fn(usize, &mut [T]) + Sync + Send) {
    if width == 0 {
        return;
    }
    let per_task = GRAIN.div_ceil(width);
    chunks(out, per_task * width, |task, chunk| {
        for (i, row) in chunk.chunks_mut(width).enumerate() {
            f(task * per_task + i, row);
        }
    });
}

/// `f(0), f(1), ..`, in order. For tasks that are large by themselves.
pub(crate) fn collect<R: Send>(n: usize, f: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    if n == 1 { vec![f(0)] } else { (0..n).into_par_iter().map(f).collect() }
}

/// Calls `f(0)`, `f(1)`, .. for tasks that write through a [`Scatter`].
pub(crate) fn tasks(n: usize, f: impl Fn(usize) + Sync + Send) {
    if n == 1 { f(0) } else { (0..n).into_par_iter().with_max_len(1).for_each(f) }
}

/// A slice that several tasks write at once, each to places of its own that no run of adjacent elements describes.
pub(crate) struct Scatter<'a, T> {
    start: *mut T,
    len: usize,
    life: PhantomData<&'a mut [T]>,
}

#[allow(unsafe_code, reason = "handing a pointer to several tasks")]
// SAFETY: sharing it gives access to numbers through `at` only, whose caller answers for keeping tasks apart.
unsafe impl<T: Send> Sync for Scatter<'_, T> {}

impl<'a, T> Scatter<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), life: PhantomData }
    }

    /// A pointer to element `index`, for the elements of this task.
    ///
    /// # Panics
    /// In debug builds, unless `index + reach` is within the slice.
    #[track_caller]
    pub(crate) fn at(&self, index: usize, reach: usize) -> *mut T {
        debug_assert!(index + reach <= self.len, "{index} + {reach} of {}", self.len);
        self.start.wrapping_add(index)
    }

    /// The `len` elements from `index` on, which belong to this task alone.
    ///
    /// # Safety
    /// No other task is given one of them.
    ///
    /// # Panics
    /// Unless they are within the slice.
    #[track_caller]
    #[allow(unsafe_code, reason = "makes a slice of the pointer")]
    #[allow(clippy::mut_from_ref, reason = "each task has elements of its own")]
    pub(crate) unsafe fn part(&self, index: usize, len: usize) -> &mut [T] {
        assert!(index + len <= self.len, "{index} + {len} of {}", self.len);
        // SAFETY: within the slice, which is borrowed mutably, and the caller says that no other task has them.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(index), len) }
    }
}

/// The number of threads in the pool. For measurements; never for cutting work.
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}
