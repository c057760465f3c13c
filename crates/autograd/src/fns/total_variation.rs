//! How rough a picture is.

use impasto_tensor::Element;

use crate::ops::{affine, mul, narrow, sub, sum};
use crate::var::Var;

/// The sum of squared differences of horizontal and vertical neighbours, divided by the number of elements.
///
/// # Shapes
/// `[N, C, H, W] -> []`
///
/// # Gradient
/// twice the discrete Laplacian, negative, times `g / n`
///
/// # Source
/// Mahendran and Vedaldi, "Understanding deep image representations by inverting them", 2015, with exponent 2.
#[track_caller]
pub fn total_variation<T: Element>(x: &Var<T>) -> Var<T> {
    let &[_, _, h, w] = &x.shape()[..] else { panic!("total_variation: expected [N, C, H, W], got {:?}", x.shape()) };
    assert!(!x.value().is_empty(), "total_variation: expected pictures, got {:?}", x.shape());
    let squares = |axis: usize, len: usize| {
        let d = sub(&narrow(x, axis, 1, len - 1), &narrow(x, axis, 0, len - 1));
        sum(&mul(&d, &d))
    };
    affine(&(squares(2, h) + squares(3, w)), 1.0 / x.value().len() as f64, 0.0)
}
