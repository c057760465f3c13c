//! The windows of a picture as columns of a matrix, and columns added up to a picture: convolution written as a product.

use impasto_tensor::conv::Window;
use impasto_tensor::{Element, Taps};

use crate::ops::{permute, resample, reshape};
use crate::var::Var;

/// The values under each place of a window, as a column: "im2col". Row `(c K + k) K + l` has tap `k, l` of channel `c`,
/// columns are places row by row. A convolution is `w` `[O, C K K]` times these columns. The window's groups say nothing here.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C K K, H' W']`, `H' = (H + P - D (K - 1) - 1) / S + 1`, rounded down
///
/// # Gradient
/// [`fold`] of `g`
///
/// # Panics
/// If the picture with its padding is smaller than the window.
#[track_caller]
pub fn unfold<T: Element>(x: &Var<T>, kernel: [usize; 2], window: Window) -> Var<T> {
    let &[n, c, h, w] = &x.shape()[..] else { panic!("unfold: expected [N, C, H, W], got {:?}", x.shape()) };
    let (Some(down), Some(across)) = (taps(h, kernel, window, 0), taps(w, kernel, window, 1)) else {
        panic!("unfold: no window of {kernel:?} by {window:?} in {:?}", x.shape());
    };
    let (rows, columns) = (down.to() / kernel[0], across.to() / kernel[1]);
    let y = resample(&resample(x, 2, &down), 3, &across);
    let y = permute(&reshape(&y, [n, c, kernel[0], rows, kernel[1], columns]), &[0, 1, 2, 4, 3, 5]);
    reshape(&y, [n, c * kernel[0] * kernel[1], rows * columns])
}

/// Columns added up to a picture of height and width `to`, each value at the place under its tap: "col2im", the adjoint of
/// [`unfold`]. What lies in the padding is dropped.
///
/// # Shapes
/// `[N, C K K, H' W'] -> [N, C, H, W]`, as in [`unfold`]
///
/// # Gradient
/// [`unfold`] of `g`
///
/// # Panics
/// If these are not the columns of such a picture.
#[track_caller]
pub fn fold<T: Element>(x: &Var<T>, to: [usize; 2], kernel: [usize; 2], window: Window) -> Var<T> {
    let &[n, channels, places] = &x.shape()[..] else {
        panic!("fold: expected [N, C K K, H' W'], got {:?}", x.shape());
    };
    let (Some(down), Some(across)) = (taps(to[0], kernel, window, 0), taps(to[1], kernel, window, 1)) else {
        panic!("fold: no window of {kernel:?} by {window:?} in {to:?}");
    };
    let (size, rows, columns) = (kernel[0] * kernel[1], down.to() / kernel[0], across.to() / kernel[1]);
    assert!(
        channels.is_multiple_of(size) && places == rows * columns,
        "fold: expected multiples of {size} rows and {} columns, got {:?}",
        rows * columns,
        x.shape()
    );
    let c = channels / size;
    let y = permute(&reshape(x, [n, c, kernel[0], kernel[1], rows, columns]), &[0, 1, 2, 4, 3, 5]);
    let y = reshape(&y, [n, c, down.to(), across.to()]);
    resample(&resample(&y, 3, &across.transpose()), 2, &down.transpose())
}

/// Along one direction, from `len` places to those under each tap, a run of the window's places for every tap: zeros where it
/// stands in the padding. `None` if the window has no place.
fn taps(len: usize, kernel: [usize; 2], window: Window, direction: usize) -> Option<Taps> {
    let (kernel, [before, after]) = (kernel[direction], window.padding[direction]);
    let (stride, dilation) = (window.stride[direction], window.dilation[direction]);
    let reach = dilation * kernel.checked_sub(1)? + 1;
    let places = (before + len + after).checked_sub(reach)?.checked_div(stride)? + 1;
    let under = |tap: usize, place: usize| {
        let at = (place * stride + tap * dilation).checked_sub(before).filter(|&at| at < len);
        at.map(|at| (at, 1.0)).into_iter().collect()
    };
    Some(Taps::new(len, (0..kernel * places).map(|i| under(i / places, i % places))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{conv2d, matmul};
    use impasto_tensor::{Random, Tensor};

    #[test]
    fn a_convolution_is_a_product_with_the_columns() {
        let mut random = Random::new(1, 0);
        let window = Window { stride: [2, 1], padding: [[1, 0], [2, 1]], dilation: [1, 2], ..Window::default() };
        let x: Var<f64> = Var::constant(random.normal([2, 3, 6, 5], 0.0, 1.0));
        let w = Var::constant(random.normal([4, 3, 3, 2], 0.0, 1.0));
        let want = conv2d(&x, &w, window);
        let got = matmul(&reshape(&w, [4, 18]), &unfold(&x, [3, 2], window));
        for (g, w) in reshape(&got, want.shape()).value().data().iter().zip(want.value().data()) {
            assert!((g - w).abs() < 1e-12, "{g} {w}");
        }
    }

    #[test]
    #[should_panic(expected = "unfold: no window of [3, 1] by")]
    fn a_picture_below_the_window_is_refused() {
        let _ = unfold(&Var::<f32>::constant(Tensor::zeros([1, 1, 2, 4])), [3, 1], Window::default());
    }

    #[test]
    #[should_panic(expected = "fold: expected multiples of 4 rows and 6 columns, got [1, 4, 5]")]
    fn columns_of_another_picture_are_refused() {
        let _ = fold(&Var::<f32>::constant(Tensor::zeros([1, 4, 5])), [3, 4], [2, 2], Window::default());
    }
}
