//! Which features occur together: the style of a picture.

use impasto_tensor::{Element, MatMul};

use crate::ops::{affine, matmul_as, reshape};
use crate::var::Var;

/// G = F Fᵀ / (C H W), with the features of each channel as a row of F.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, C]`
///
/// # Gradient
/// `(g + gᵀ) F / (C H W)`
///
/// # Source
/// Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks", 2016, equation 3; the divisor is
/// the usual one, not the paper's.
#[track_caller]
pub fn gram<T: Element>(x: &Var<T>) -> Var<T> {
    let &[n, c, h, w] = &x.shape()[..] else { panic!("gram: expected [N, C, H, W], got {:?}", x.shape()) };
    let f = reshape(x, [n, c, h * w]);
    let product = matmul_as(MatMul { transpose_a: false, transpose_b: true }, &f, &f);
    affine(&product, 1.0 / (c * h * w) as f64, 0.0)
}
