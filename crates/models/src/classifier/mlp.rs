//! The network that does not know what a picture is: a measure of what convolutions gain.

use impasto_autograd::Var;
use impasto_autograd::fns::relu;

use super::net::{Config, flatten};
use crate::layers::linear;
use crate::scope::Scope;

/// `depth` layers of W units with ReLU, and a linear layer: logits.
///
/// # Shapes
/// `x` `[N, C, H, W] -> [N, classes]`
pub(super) fn mlp(s: &Scope, config: &Config, x: &Var) -> Var {
    let x = (0..config.depth).fold(flatten(x), |x, i| relu(&linear(&s.at(("hidden", i)), &x, config.width)));
    linear(&s.at("head"), &x, config.classes.len())
}

pub(super) fn weights(config: &Config) -> f64 {
    let [channels, size, width] = [config.channels, config.size, config.width].map(|n| n as f64);
    let deeper = (config.depth as f64 - 1.0) * width;
    width * (channels * size * size + deeper + config.classes.len() as f64)
}
