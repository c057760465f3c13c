//! The two networks, for pictures of 32 by 32 pixels.

use impasto_autograd::Var;
use impasto_autograd::ops::{reshape, tanh};
use serde::{Deserialize, Serialize};

use crate::init::Init;
use crate::layers::{Conv, batch_norm, conv, conv_transpose};
use crate::scope::Scope;

/// What the networks are made for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Channels of a picture: C.
    pub channels: usize,
    /// Length of the noise that a picture is made from: Z.
    pub noise: usize,
    /// Channels of the layer next to the picture, W; inner layers have 2 W and 4 W.
    pub width: usize,
}

/// The side of the pictures, in pixels.
pub(super) const SIZE: usize = 32;

const WEIGHTS: Init = Init::Normal(0.0, 0.02);
const GAMMA: Init = Init::Normal(1.0, 0.02);

/// Noise to picture: four transposed convolutions.
///
/// # Shapes
/// `z` `[N, Z] -> [N, C, 32, 32]`, values in [-1, 1]
///
/// # Source
/// Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
/// networks", 2016; one level less than the paper's 64 pixels.
pub fn generator(s: &Scope, config: &Config, z: &Var) -> Var {
    let (n, w) = (z.shape()[0], config.width);
    let up = |i: usize, x: &Var, layer: Conv| {
        let x = conv_transpose(&s.at(("up", i)), x, &layer.without_bias().init(WEIGHTS));
        batch_norm(&s.at(("norm", i)), &x, GAMMA, 0.0)
    };
    let double = |outputs: usize| Conv::new(outputs, 4).window(2, 1);
    let x = reshape(z, [n, config.noise, 1, 1]); //                [N, Z, 1, 1]
    let x = up(0, &x, Conv::new(4 * w, 4).window(1, 0)); //        [N, 4 W, 4, 4]
    let x = up(1, &x, double(2 * w)); //                           [N, 2 W, 8, 8]
    let x = up(2, &x, double(w)); //                               [N, W, 16, 16]
    let x = conv_transpose(&s.at("picture"), &x, &double(config.channels).init(WEIGHTS));
    tanh(&x) //                                                    [N, C, 32, 32]
}

/// Picture to logit, positive for "real": four convolutions.
///
/// # Shapes
/// `x` `[N, C, 32, 32]`, values in [-1, 1] `-> [N]`
///
/// # Source
/// As [`generator`].
pub fn discriminator(s: &Scope, config: &Config, x: &Var) -> Var {
    let (n, w) = (x.shape()[0], config.width);
    let half = |outputs: usize| Conv::new(outputs, 4).window(2, 1).init(WEIGHTS);
    let down = |i: usize, x: &Var, outputs: usize| {
        let x = conv(&s.at(("down", i)), x, &half(outputs).without_bias());
        batch_norm(&s.at(("norm", i)), &x, GAMMA, 0.2)
    };
    let x = conv(&s.at(("down", 0)), x, &half(w).leaky(0.2)); //              [N, W, 16, 16]
    let x = down(1, &x, 2 * w); //                                           [N, 2 W, 8, 8]
    let x = down(2, &x, 4 * w); //                                           [N, 4 W, 4, 4]
    let x = conv(&s.at("logit"), &x, &Conv::new(1, 4).window(1, 0).init(WEIGHTS));
    reshape(&x, [n])
}
