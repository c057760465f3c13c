//! Any sparse linear map along one axis: padding, cropping, flipping, enlarging, averaging.

use impasto_tensor::{Element, Shape, ShapeError, Taps, Tensor, Upsample};

use crate::kinds::{Lin, Linear};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct Resample {
    axis: usize,
    taps: Taps,
}

impl Linear for Resample {
    const NAME: &'static str = "resample";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        self.taps.fits(self.axis, &x[0]).map(|()| x[0].with(self.axis, self.taps.to()))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].resample(self.axis, &self.taps)
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        resample(g, self.axis, &self.taps.transpose())
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        [
            Taps::zeros(4, 1, 2),
            Taps::reflect(4, 2, 3),
            Taps::replicate(4, 1, 2),
            Taps::circular(4, 3, 1),
            Taps::flip(4),
            Taps::range(4, 1..3),
            Taps::upsample(4, 2, Upsample::Nearest),
            Taps::upsample(4, 3, Upsample::Linear),
            Taps::average(4, 3, 1),
        ]
        .into_iter()
        .enumerate()
        .map(|(i, taps)| {
            let axis = i % 3;
            (Self { axis, taps }, vec![Shape::new(&[2, 2, 2]).with(axis, 4)])
        })
        .collect()
    }
}

/// `taps` along `axis`.
///
/// # Shapes
/// `[.., from, ..] -> [.., to, ..]`
///
/// # Gradient
/// the transposed map on `g`
#[track_caller]
pub fn resample<T: Element>(x: &Var<T>, axis: usize, taps: &Taps) -> Var<T> {
    apply(Lin(Resample { axis, taps: taps.clone() }), &[x])
}
