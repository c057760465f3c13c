//! Pooling over windows of the last two axes.

use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Element, Taps};

use crate::ops::{pick_max, resample};
use crate::var::Var;

/// The largest element of each window; the first of equals in row order. Where it stands is data, so this is a linear pick.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H', W']`, see [`MaxPool::shape`]
///
/// # Gradient
/// `g` to the place of the largest element
#[track_caller]
pub fn max_pool2d<T: Element>(x: &Var<T>, pool: MaxPool) -> Var<T> {
    pick_max(x, pool)
}

/// The mean of each window of `kernel` by `kernel`, `stride` apart.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H', W']`, `H' = (H - K) / S + 1`, rounded down
///
/// # Gradient
/// `g / K^2` to every place of the window
#[track_caller]
pub fn avg_pool2d<T: Element>(x: &Var<T>, kernel: usize, stride: usize) -> Var<T> {
    assert!(x.shape().len() == 4, "avg_pool2d: expected [N, C, H, W], got {:?}", x.shape());
    let rows = resample(x, 2, &Taps::average(x.shape()[2], kernel, stride));
    resample(&rows, 3, &Taps::average(x.shape()[3], kernel, stride))
}
