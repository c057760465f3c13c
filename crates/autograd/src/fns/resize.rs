//! Pictures drawn at any size.

use impasto_tensor::{Element, Interpolation, Taps};

use super::planes::{along_sides, sides};
use crate::var::Var;

/// The picture drawn at another size: repeated, bilinear or bicubic, see [`Interpolation`].
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H', W']`, any `[H', W']`
///
/// # Gradient
/// `g` to the places that each place was drawn from, with the same weights
#[track_caller]
pub fn resize2d<T: Element>(x: &Var<T>, to: [usize; 2], how: Interpolation) -> Var<T> {
    let [h, w] = sides("resize2d", x);
    along_sides(x, [Taps::interpolate(h, to[0], how), Taps::interpolate(w, to[1], how)])
}
