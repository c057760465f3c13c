//! A convolution whose weight is scaled for each picture by its style.

use impasto_tensor::conv::Window;
use impasto_tensor::{Element, MatMul};

use crate::ops::{conv2d, matmul_as, mul, recip, reshape, sqrt, sum_to};
use crate::var::Var;

/// Convolution with the weight `w[o,c,k,l] style[n,c]`, divided by the root of its sum of squares over c, k, l, plus `eps`: results
/// have the variance of the input, whatever the style. Computed by scaling `x` by the style before and dividing after, so that
/// all pictures share one weight.
///
/// # Shapes
/// `x` `[N, C, H, W]`, `w` `[O, C, K, K]`, `style` `[N, C] -> [N, O, H', W']`, see [`conv2d`]
///
/// # Gradient
/// that of the convolution, through the scale and the division
///
/// # Source
/// Karras et al., "Analyzing and improving the image quality of StyleGAN", 2020, with `eps` 1e-8.
#[track_caller]
pub fn modulated_conv2d<T: Element>(x: &Var<T>, w: &Var<T>, style: &Var<T>, window: Window, eps: f64) -> Var<T> {
    let (&[n, c, _, _], &[o, channels, _, _]) = (&x.shape()[..], &w.shape()[..]) else {
        panic!("modulated_conv2d: expected [N, C, H, W] and [O, C, K, K], got {:?} and {:?}", x.shape(), w.shape());
    };
    assert!(
        c == channels && *style.shape() == [n, c],
        "modulated_conv2d: expected a weight of {c} channels and a style [{n}, {c}], got {:?} and {:?}",
        w.shape(),
        style.shape()
    );
    let squares = reshape(&sum_to(&mul(w, w), [o, c, 1, 1]), [o, c]);
    let how = MatMul { transpose_a: false, transpose_b: true };
    let scale = recip(&sqrt(&(matmul_as(how, &mul(style, style), &squares) + eps)));
    let y = conv2d(&mul(x, &reshape(style, [n, c, 1, 1])), w, window);
    mul(&y, &reshape(&scale, [n, o, 1, 1]))
}
