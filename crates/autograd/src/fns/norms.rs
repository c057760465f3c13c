//! Normalisation over the last axes, and over channels.

use impasto_tensor::{Element, Tensor};

use crate::ops::{add, group_norm, mul, recip, reshape, sqrt, sum_to};
use crate::var::Var;

/// y = weight (x - mean) / sqrt(var + eps) + bias with mean and biased variance over the last axes, those of `weight`.
///
/// # Shapes
/// `x` `[.., A, B]`, `weight` and `bias` `[A, B] -> [.., A, B]`, any number of axes for `A, B`
///
/// # Gradient
/// through the statistics too
///
/// # Source
/// Ba, Kiros and Hinton, "Layer normalization", 2016.
#[track_caller]
pub fn layer_norm<T: Element>(x: &Var<T>, weight: &Var<T>, bias: &Var<T>, eps: f64) -> Var<T> {
    let size = weight.value().len();
    let fits = !weight.shape().is_empty() && size > 0 && x.shape().ends_with(weight.shape());
    assert!(
        fits && bias.shape() == weight.shape(),
        "layer_norm: expected the last axes of {:?} twice, got {:?} and {:?}",
        x.shape(),
        weight.shape(),
        bias.shape()
    );
    // Each run is a picture of one channel.
    let runs = reshape(x, [x.value().len() / size, 1, size]);
    let [one, zero] = [1.0, 0.0].map(|v| Var::constant(Tensor::full([1], T::splat(v))));
    let y = reshape(&group_norm(&runs, 1, &one, &zero, eps, 1.0), x.shape());
    add(&mul(&y, weight), bias)
}

/// y = x / sqrt(mean of x^2 over the channels + eps), at each place on its own.
///
/// # Shapes
/// `[N, C, ..] -> [N, C, ..]`
///
/// # Gradient
/// `(g - y mean(g y)) / sqrt(mean(x^2) + eps)`
///
/// # Source
/// Karras et al., "Progressive growing of GANs", 2018, with `eps` 1e-8.
#[track_caller]
pub fn pixel_norm<T: Element>(x: &Var<T>, eps: f64) -> Var<T> {
    assert!(x.shape().len() >= 2, "pixel_norm: expected [N, C, ..], got {:?}", x.shape());
    let mean = sum_to(&mul(x, x), x.shape().with(1, 1)) / x.shape()[1] as f64;
    mul(x, &recip(&sqrt(&(mean + eps))))
}
