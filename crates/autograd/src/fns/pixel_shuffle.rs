//! Channels spread over places, and back.

use impasto_tensor::Element;

use crate::ops::{permute, reshape};
use crate::var::Var;

/// The picture `factor` times as large, each place made of `factor^2` channels: channel `c F^2 + i F + j` gives row `i` and
/// column `j` of every square of channel `c`.
///
/// # Shapes
/// `[N, C F^2, H, W] -> [N, C, F H, F W]`
///
/// # Gradient
/// [`pixel_unshuffle`] of `g`
///
/// # Source
/// Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network",
/// 2016.
///
/// # Panics
/// If the channels do not divide into squares of `factor`.
#[track_caller]
pub fn pixel_shuffle<T: Element>(x: &Var<T>, factor: usize) -> Var<T> {
    let &[n, channels, h, w] = &x.shape()[..] else {
        panic!("pixel_shuffle: expected [N, C, H, W], got {:?}", x.shape());
    };
    let square = factor * factor;
    assert!(
        square > 0 && channels.is_multiple_of(square),
        "pixel_shuffle: the channels of {:?} do not divide into squares of {factor}",
        x.shape()
    );
    let c = channels / square;
    let squares = permute(&reshape(x, [n, c, factor, factor, h, w]), &[0, 1, 4, 2, 5, 3]);
    reshape(&squares, [n, c, h * factor, w * factor])
}

/// The inverse of [`pixel_shuffle`]: each square of places becomes channels of one place.
///
/// # Shapes
/// `[N, C, F H, F W] -> [N, C F^2, H, W]`
///
/// # Gradient
/// [`pixel_shuffle`] of `g`
///
/// # Panics
/// If the picture does not divide into squares of `factor`.
#[track_caller]
pub fn pixel_unshuffle<T: Element>(x: &Var<T>, factor: usize) -> Var<T> {
    let &[n, c, height, width] = &x.shape()[..] else {
        panic!("pixel_unshuffle: expected [N, C, H, W], got {:?}", x.shape());
    };
    assert!(
        factor > 0 && height.is_multiple_of(factor) && width.is_multiple_of(factor),
        "pixel_unshuffle: the sides of {:?} do not divide into squares of {factor}",
        x.shape()
    );
    let (h, w) = (height / factor, width / factor);
    let squares = permute(&reshape(x, [n, c, h, factor, w, factor]), &[0, 1, 3, 5, 2, 4]);
    reshape(&squares, [n, c * factor * factor, h, w])
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Tensor;

    #[test]
    #[should_panic(expected = "pixel_shuffle: the channels of [1, 6, 2, 4] do not divide into squares of 2")]
    fn channels_that_do_not_divide_are_refused() {
        let _ = pixel_shuffle(&Var::<f32>::constant(Tensor::zeros([1, 6, 2, 4])), 2);
    }

    #[test]
    #[should_panic(expected = "pixel_unshuffle: the sides of [1, 6, 2, 3] do not divide into squares of 2")]
    fn sides_that_do_not_divide_are_refused() {
        let _ = pixel_unshuffle(&Var::<f32>::constant(Tensor::zeros([1, 6, 2, 3])), 2);
    }
}
