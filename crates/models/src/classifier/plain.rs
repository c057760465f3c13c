//! The plain network: what three convolutions can do.

use impasto_autograd::Var;
use impasto_autograd::fns::max_pool2d;

use super::net::{Config, POOL, eighth, flatten};
use crate::init::Init;
use crate::layers::{Conv, batch_norm, conv, linear};
use crate::scope::Scope;

/// Three convolutions with batch norm and ReLU, pooled by 2 behind each, and a linear layer: logits.
///
/// # Shapes
/// `x` `[N, C, H, W] -> [N, classes]`
///
/// # Source
/// The pattern of VGG (Simonyan and Zisserman, 2015) with batch norm, small.
pub(super) fn plain(s: &Scope, config: &Config, x: &Var) -> Var {
    let w = config.width;
    let block = |i: usize, x: &Var, outputs: usize| {
        let x = conv(&s.at(("conv", i)), x, &Conv::new(outputs, 3).without_bias());
        batch_norm(&s.at(("norm", i)), &x, Init::Constant(1.0), 0.0)
    };
    let x = max_pool2d(&block(0, x, w), POOL); //        [N, W, H / 2, W / 2]
    let x = max_pool2d(&block(1, &x, 2 * w), POOL); //   [N, 2 W, H / 4, W / 4]
    let x = max_pool2d(&block(2, &x, 4 * w), POOL); //   [N, 4 W, H / 8, W / 8]
    linear(&s.at("head"), &flatten(&x), config.classes.len())
}

pub(super) fn weights(config: &Config) -> f64 {
    let [channels, width, classes] = [config.channels, config.width, config.classes.len()].map(|n| n as f64);
    let side = eighth(config.size) as f64;
    9.0 * (channels * width + 10.0 * width * width) + 4.0 * width * side * side * classes
}
