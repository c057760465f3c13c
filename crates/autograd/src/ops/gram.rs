//! Which features occur together: the style of a picture.

use impasto_tensor::{Element, MatMul, Shape, ShapeError, Tensor};

use super::{affine, matmul_as, reshape};
use crate::kinds::{Fuse, Fused};
use crate::op::{Saved, apply};
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Gram;

/// Features as a matrix for each picture, `[N, C, H W]`, and the divisor C H W.
fn matrix(x: &Shape) -> (Shape, f64) {
    let [n, c, places] = [x[0], x[1], x[2] * x[3]];
    (Shape::new(&[n, c, places]), (c * places).max(1) as f64)
}

impl Fused for Gram {
    const NAME: &'static str = "gram";

    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        match x[0][..] {
            [n, c, _, _] => Ok(Shape::new(&[n, c, c])),
            _ => Err(ShapeError::new(Self::NAME, format!("expected [N, C, H, W], got {:?}", x[0]))),
        }
    }

    fn reference<T: Element>(&self, x: &[Var<T>]) -> Var<T> {
        let (shape, divisor) = matrix(x[0].shape());
        let f = reshape(&x[0], shape);
        affine(&matmul_as(MatMul { transpose_a: false, transpose_b: true }, &f, &f), 1.0 / divisor, 0.0)
    }

    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        let (shape, divisor) = matrix(x[0].shape());
        let factor = T::splat(1.0 / divisor);
        (x[0].reshape(shape).products_of_rows().into_map(|v| v * factor), Vec::new())
    }

    /// One product instead of the composite's two.
    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        saved.each(|_| {
            let x = saved.input(0).value();
            let (shape, divisor) = matrix(x.shape());
            let factor = T::splat(1.0 / divisor);
            let both = g.zip(&g.transpose(), |a, b| (a + b) * factor);
            both.matmul(&x.reshape(shape)).reshape(*x.shape())
        })
    }

    fn cases() -> Vec<(Self, Vec<Shape>)> {
        [[2, 3, 2, 3], [1, 1, 4, 1]].map(|x| (Self, vec![Shape::new(&x)])).into()
    }
}

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
    apply(Fuse(Gram), &[x])
}
