//! What the functions of pictures share: the sides of a picture, and a map along each.

use impasto_tensor::{Element, Taps};

use crate::ops::resample;
use crate::var::Var;

/// Height and width of pictures `[N, C, H, W]`.
#[track_caller]
pub(super) fn sides<T: Element>(op: &str, x: &Var<T>) -> [usize; 2] {
    match x.shape()[..] {
        [_, _, h, w] if h > 0 && w > 0 => [h, w],
        _ => panic!("{op}: expected [N, C, H, W] with at least one place, got {:?}", x.shape()),
    }
}

/// The pictures with a map applied to their columns, and one to their rows: `[N, C, H, W] -> [N, C, H', W']`.
#[track_caller]
pub(super) fn along_sides<T: Element>(x: &Var<T>, [vertical, horizontal]: [Taps; 2]) -> Var<T> {
    resample(&resample(x, 2, &vertical), 3, &horizontal)
}
