//! Vectors looked up in a table.

use impasto_tensor::{Element, Taps};

use crate::ops::resample;
use crate::var::Var;

/// Row `indices[i]` of the table for each `i`. The indices are data; given them this is linear.
///
/// # Shapes
/// `table` `[K, D]`, N indices below `K -> [N, D]`
///
/// # Gradient
/// each row of `g` added to the row of the table that it was copied from
///
/// # Panics
/// If the table does not have two axes, or an index lies outside it.
#[track_caller]
pub fn embedding<T: Element>(table: &Var<T>, indices: &[u32]) -> Var<T> {
    let &[rows, _] = &table.shape()[..] else { panic!("embedding: expected a table [K, D], got {:?}", table.shape()) };
    let highest = indices.iter().max();
    assert!(highest.is_none_or(|&i| (i as usize) < rows), "embedding: expected indices below {rows}, got {highest:?}");
    resample(table, 0, &Taps::select(rows, indices.iter().map(|&i| i as usize)))
}
