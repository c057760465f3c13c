//! Pooling to a given size: the windows are cut so that they cover the picture.

use std::ops::Range;

use impasto_tensor::{Element, Taps};

use super::planes::{along_sides, sides};
use crate::ops::gather;
use crate::var::Var;

/// The places of each of `to` windows that cover an axis; they overlap where `to` does not divide it.
fn windows(len: usize, to: usize) -> impl Iterator<Item = Range<usize>> {
    (0..to).map(move |i| i * len / to..((i + 1) * len).div_ceil(to))
}

/// The means of windows that cover an axis.
fn means(len: usize, to: usize) -> Taps {
    let mean = |window: Range<usize>| {
        let weight = 1.0 / window.len() as f64;
        window.map(|place| (place, weight)).collect()
    };
    Taps::new(len, windows(len, to).map(mean))
}

/// The means of as many windows as the result has places. The window of place `i` is from `i H / H'`, rounded down, to
/// `(i + 1) H / H'`, rounded up.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H', W']`, any `[H', W']`
///
/// # Gradient
/// `g`, divided by the size of the window, to every place of it
#[track_caller]
pub fn adaptive_avg_pool2d<T: Element>(x: &Var<T>, to: [usize; 2]) -> Var<T> {
    let [h, w] = sides("adaptive_avg_pool2d", x);
    along_sides(x, [means(h, to[0]), means(w, to[1])])
}

/// The largest elements of the windows of [`adaptive_avg_pool2d`]; the first of equals in row order. Where they stand is data.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H', W']`, any `[H', W']`
///
/// # Gradient
/// `g` to the place of the largest element
#[track_caller]
pub fn adaptive_max_pool2d<T: Element>(x: &Var<T>, to: [usize; 2]) -> Var<T> {
    let [h, w] = sides("adaptive_max_pool2d", x);
    let planes = x.shape()[0] * x.shape()[1];
    let mut largest = Vec::with_capacity(planes * to[0] * to[1]);
    for plane in x.value().data().chunks(h * w) {
        // NaN wins, so that it is seen in the loss.
        let larger = |best: usize, i: usize| if plane[i] > plane[best] || plane[i].is_nan() { i } else { best };
        for rows in windows(h, to[0]) {
            for columns in windows(w, to[1]) {
                let places = rows.clone().flat_map(|i| columns.clone().map(move |j| i * w + j));
                largest.push(places.reduce(larger).expect("a window has places") as u32);
            }
        }
    }
    gather(x, planes, largest.into(), [x.shape()[0], x.shape()[1], to[0], to[1]])
}
