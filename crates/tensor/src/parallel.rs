//! The only file that knows of threads.
//!
//! Both functions cut work by size, give each task its own output, and leave combining to the caller, who does it in
//! index order. That is why results never depend on the number of threads.

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

/// The number of threads in the pool. For measurements; never for cutting work.
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}
