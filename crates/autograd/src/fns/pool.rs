//! Pooling over windows of the last two axes.

use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Element, Taps};

use super::lengths::root;
use super::planes::{along_sides, sides};
use super::square;
use crate::ops::pick_max;
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
    let [h, w] = sides("avg_pool2d", x);
    along_sides(x, [Taps::average(h, kernel, stride), Taps::average(w, kernel, stride)])
}

/// The geometry of an average pooling whose windows reach beyond the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPool {
    /// Side of the window.
    pub kernel: usize,
    /// Steps between windows.
    pub stride: usize,
    /// Zeros beyond each edge, at most half a window.
    pub padding: usize,
    /// Whether the zeros count: whether every window is divided by its size, or by how much of it is inside.
    pub count_padding: bool,
}

impl AvgPool {
    #[track_caller]
    fn taps(&self, len: usize) -> Taps {
        let Self { kernel, stride, padding, count_padding } = *self;
        let fits = kernel > 0 && stride > 0 && 2 * padding <= kernel && kernel <= len + 2 * padding;
        assert!(fits, "avg_pool2d_padded: {self:?} does not fit a side of {len}");
        let window = |i: usize| {
            let inside = (i * stride).max(padding) - padding..len.min(i * stride + kernel - padding);
            let count = if count_padding { kernel } else { inside.len() };
            inside.map(|place| (place, 1.0 / count as f64)).collect()
        };
        Taps::new(len, (0..=(len + 2 * padding - kernel) / stride).map(window))
    }
}

/// [`avg_pool2d`] of windows that reach beyond the edges, where zeros stand.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H', W']`, `H' = (H + 2 P - K) / S + 1`, rounded down
///
/// # Gradient
/// `g`, divided by what the window was divided by, to every place of it
#[track_caller]
pub fn avg_pool2d_padded<T: Element>(x: &Var<T>, pool: AvgPool) -> Var<T> {
    let [h, w] = sides("avg_pool2d_padded", x);
    along_sides(x, [pool.taps(h), pool.taps(w)])
}

/// The root of the sum of squares of each window of `kernel` by `kernel`, `stride` apart.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H', W']`, `H' = (H - K) / S + 1`, rounded down
///
/// # Gradient
/// `g x / y` to every place of the window; 0 where a window is all zeros
#[track_caller]
pub fn l2_pool2d<T: Element>(x: &Var<T>, kernel: usize, stride: usize) -> Var<T> {
    root(&(avg_pool2d(&square(x), kernel, stride) * (kernel * kernel) as f64), 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{grad_graph, ops};
    use impasto_tensor::Tensor;

    #[test]
    fn all_orders_of_an_l2_pool_are_finite_at_zero() {
        let x = Var::<f64>::param(Tensor::new([1, 1, 1, 4], vec![0.0, 0.0, 3.0, 4.0]).reshape([1, 1, 2, 2]));
        let y = l2_pool2d(&x, 1, 1);
        assert_eq!(y.value().data(), [0.0, 0.0, 3.0, 4.0]);
        let dy = grad_graph(&ops::sum(&y), &[&x]).remove(0);
        assert_eq!(dy.value().data(), [0.0, 0.0, 1.0, 1.0]);
        let ddy = grad_graph(&ops::sum(&dy), &[&x]).remove(0);
        assert!(ddy.value().all_finite());
    }
}
