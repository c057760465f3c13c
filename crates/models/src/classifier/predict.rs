//! What a classifier takes pictures for.

use impasto_autograd::Var;
use impasto_autograd::fns::flip;
use impasto_tensor::Tensor;

use super::net::{Config, network};
use crate::params::Params;
use crate::scope::Pass;

/// Pictures in one evaluation pass.
const CHUNK: usize = 250;

/// The probability of each class.
///
/// # Shapes
/// `images` `[N, C, H, W]`, values in [0, 1] `-> [N, classes]`
pub fn probabilities(params: &Params, config: &Config, images: &Tensor) -> Tensor {
    let n = images.shape()[0];
    let parts: Vec<Tensor> = (0..n)
        .step_by(CHUNK)
        .map(|start| {
            let pass = Pass::evaluate(params);
            let images = Var::constant(images.slice(start..(start + CHUNK).min(n)));
            network(&pass.root(), config, &images).value().softmax_rows()
        })
        .collect();
    if parts.is_empty() {
        return Tensor::zeros([0, config.classes.len()]);
    }
    Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0)
}

/// The mean of the [`probabilities`] of each picture and of the picture flipped left to right: a little better, at twice the
/// cost, where flipped pictures show the same.
///
/// # Shapes
/// `images` `[N, C, H, W]`, values in [0, 1] `-> [N, classes]`
pub fn probabilities_flipped(params: &Params, config: &Config, images: &Tensor) -> Tensor {
    let flipped = flip(&Var::constant(images.clone()), &[3]).into_value();
    probabilities(params, config, images).zip(&probabilities(params, config, &flipped), |a, b| 0.5 * (a + b))
}
