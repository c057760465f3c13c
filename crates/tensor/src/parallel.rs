//! The only file that knows of threads.
//!
//! Work is cut by size, each task has its own output, and callers combine what tasks give in the order of their indices. That
//! is why results never depend on the number of threads.

#![allow(unsafe_code, reason = "tasks write parts of one slice")]

use std::marker::PhantomData;

use rayon::prelude::*;

/// Elements that make a task worth its hand-over.
pub(crate) const GRAIN: usize = 16 * 1024;

/// Calls `f(i, chunk)` for the i-th piece of `out`, each `size` elements long (the last may be shorter).
pub(crate) fn chunks<T: Send>(out: &mut [T], size: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    let pieces = Pieces::new(out, size.max(1));
    // SAFETY: `each` calls the function once for each number.
    each(pieces.count(), &|i| f(i, unsafe { pieces.get(i) }));
}

/// Calls `f(i, a_chunk, b_chunk)` for the i-th pieces of two slices, which have the same number of pieces.
pub(crate) fn chunks_of_two<A: Send, B: Send>(
    (a, a_size): (&mut [A], usize),
    (b, b_size): (&mut [B], usize),
    f: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    let (a, b) = (Pieces::new(a, a_size), Pieces::new(b, b_size));
    assert_eq!(a.count(), b.count(), "as many pieces of both");
    // SAFETY: as above.
    each(a.count(), &|i| unsafe { f(i, a.get(i), b.get(i)) });
}

/// Calls `f(i, chunks)` for the i-th pieces, each [`GRAIN`] long, of three slices of one length.
pub(crate) fn grains_of_three<T: Send>(slices: [&mut [T]; 3], f: impl Fn(usize, [&mut [T]; 3]) + Sync) {
    let pieces = slices.map(|slice| Pieces::new(slice, GRAIN));
    assert!(pieces.iter().all(|p| p.count() == pieces[0].count()), "as many pieces of all");
    // SAFETY: as above.
    each(pieces[0].count(), &|i| f(i, pieces.each_ref().map(|p| unsafe { p.get(i) })));
}

/// Calls `f(row, out_row)` for every piece of `out` that is `width` elements long, several rows a task.
pub(crate) fn rows<T: Send>(out: &mut [T], width: usize, f: impl Fn(usize, &mut [T]) + Sync) {
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
pub(crate) fn collect<R: Send>(n: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let mut results: Vec<Option<R>> = std::iter::repeat_with(|| None).take(n).collect();
    chunks(&mut results, 1, |i, result| result[0] = Some(f(i)));
    results.into_iter().map(|result| result.expect("every task gave one")).collect()
}

/// Calls `f(0)`, `f(1)`, .. for large tasks, which write through a [`Scatter`]: each may be taken by another thread.
pub(crate) fn tasks(n: usize, f: impl Fn(usize) + Sync) {
    each_alone(n, &f);
}

// Only these two know of rayon. They take any function by reference: compiled once, where a generic one would bring dozens of
// rayon's functions along at every call, and again in every crate that uses a generic kernel.

/// Calls `f(0)`, `f(1)`, .. in parallel, some at a time where threads are few.
fn each(n: usize, f: &(dyn Fn(usize) + Sync)) {
    match n {
        0 => {}
        1 => f(0),
        _ => (0..n).into_par_iter().for_each(f),
    }
}

/// The same, each call for itself.
fn each_alone(n: usize, f: &(dyn Fn(usize) + Sync)) {
    match n {
        0 => {}
        1 => f(0),
        _ => (0..n).into_par_iter().with_max_len(1).for_each(f),
    }
}

/// A slice in pieces of one length, of which each task takes one.
struct Pieces<'a, T> {
    slice: Scatter<'a, T>,
    size: usize,
}

impl<'a, T> Pieces<'a, T> {
    fn new(slice: &'a mut [T], size: usize) -> Self {
        Self { slice: Scatter::new(slice), size }
    }

    fn count(&self) -> usize {
        self.slice.len.div_ceil(self.size)
    }

    /// The `i`-th piece.
    ///
    /// # Safety
    /// Nobody else is given it.
    #[allow(clippy::mut_from_ref, reason = "each task has a piece of its own")]
    unsafe fn get(&self, i: usize) -> &mut [T] {
        let start = i * self.size;
        // SAFETY: pieces do not overlap, and this one is the caller's alone.
        unsafe { self.slice.part(start, self.size.min(self.slice.len - start)) }
    }
}

/// A slice that several tasks write at once, each to places of its own that no run of adjacent elements describes.
pub(crate) struct Scatter<'a, T> {
    start: *mut T,
    len: usize,
    life: PhantomData<&'a mut [T]>,
}

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
