//! The network without norms: its layers are what perceptual losses are made of.

use impasto_autograd::Var;
use impasto_autograd::fns::max_pool2d;

use super::net::{Config, POOL, eighth, flatten};
use crate::layers::{Conv, conv, linear};
use crate::scope::Scope;

/// Stages, each with W channels times 1, 2 and 4.
pub(crate) const STAGES: usize = 3;

/// The path of a convolution, both counted from 1; the rectifier behind it is `relu` with the same numbers.
pub(crate) fn path(stage: usize, i: usize) -> String {
    format!("conv{stage}_{i}")
}

/// Three stages of `depth` convolutions with ReLU each, pooled by 2 behind each stage, and a linear layer: logits. Weights begin
/// as He et al. say, which is what lets it learn without norms.
///
/// # Shapes
/// `x` `[N, C, H, W] -> [N, classes]`
///
/// # Source
/// Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015, small, and with the
/// names that became usual for its layers.
pub(super) fn vgg(s: &Scope, config: &Config, x: &Var) -> Var {
    let mut x = x.clone();
    for stage in 1..=STAGES {
        for i in 1..=config.depth {
            x = conv(&s.at(&path(stage, i)), &x, &Conv::new(config.width << (stage - 1), 3).leaky(0.0));
        }
        x = max_pool2d(&x, POOL);
    }
    linear(&s.at("head"), &flatten(&x), config.classes.len()) // of [N, 4 W, H / 8, W / 8]
}

pub(super) fn weights(config: &Config) -> f64 {
    let [channels, width, classes] = [config.channels, config.width, config.classes.len()].map(|n| n as f64);
    let (side, deeper) = (eighth(config.size) as f64, config.depth as f64 - 1.0);
    let convolutions = channels * width + (2.0 + 8.0) * width * width + deeper * (1.0 + 4.0 + 16.0) * width * width;
    9.0 * convolutions + 4.0 * width * side * side * classes
}
