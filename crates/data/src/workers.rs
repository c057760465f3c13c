//! The one place with threads: many files are decoded at once, and the results come in the order of the files.

use rayon::prelude::*;

/// `f` of every item, in order, computed by the current rayon pool.
pub(crate) fn in_order<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    items.par_iter().map(f).collect()
}
