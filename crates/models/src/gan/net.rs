//! The two networks, for square pictures whose side is a power of two.

use impasto_autograd::Var;
use impasto_autograd::ops::{reshape, tanh};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::init::Init;
use crate::layers::{Conv, batch_norm, conv, conv_transpose};
use crate::params::{fits_memory, pictures_fit};
use crate::scope::Scope;

/// What the networks are made for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Channels of a picture: C.
    pub channels: usize,
    /// Length of the noise that a picture is made from: Z.
    pub noise: usize,
    /// Channels of the layer next to the picture, W; each layer further inside has twice as many.
    pub width: usize,
    /// The side of the pictures in pixels, a power of two from 16.
    #[serde(default = "small")]
    pub size: usize,
    /// Whether the layers next to the picture and the logit have biases.
    #[serde(default = "with_biases")]
    pub biases: bool,
}

/// What checkpoints that do not say otherwise were made for.
fn small() -> usize {
    32
}
fn with_biases() -> bool {
    true
}

impl Config {
    /// Networks for pictures of 32 pixels.
    pub fn new(channels: usize, noise: usize, width: usize) -> Self {
        Self { channels, noise, width, size: small(), biases: with_biases() }
    }

    /// The networks of the paper's 64 pixels, in colour.
    pub fn paper() -> Self {
        Self { size: 64, biases: false, ..Self::new(3, 100, 64) }
    }

    /// Whether there are such networks.
    pub(super) fn check(&self) -> Result<(), Error> {
        for (field, value) in [("width", self.width), ("noise", self.noise), ("channels", self.channels)] {
            if value == 0 {
                return Err(Error::setting(field, "expected at least 1, got 0"));
            }
        }
        if self.size < 16 || !self.size.is_power_of_two() {
            return Err(Error::setting("size", format!("expected a power of two from 16 px, got {}", self.size)));
        }
        // The generator's, at 4 px, at each doubling and at the picture; the discriminator has fewer.
        let [noise, width, channels] = [self.noise, self.width, self.channels].map(|n| n as f64);
        let at = |level: usize| width * 2f64.powi(level as i32);
        let doublings: f64 = (1..=self.levels()).map(|level| at(level) * at(level - 1)).sum();
        fits_memory("width", 16.0 * (noise * at(self.levels()) + doublings + width * channels))
            .and_then(|()| pictures_fit(self.channels.max(self.width), self.size))
    }

    /// Layers that double the side and have a norm: 2 for 32 pixels, 3 for 64.
    fn levels(&self) -> usize {
        (self.size / 8).ilog2() as usize
    }

    /// A convolution that halves or doubles the side.
    fn step(outputs: usize) -> Conv {
        Conv::new(outputs, 4).window(2, 1).init(WEIGHTS)
    }

    /// A layer without a norm.
    fn bare(&self, layer: Conv) -> Conv {
        if self.biases { layer } else { layer.without_bias() }
    }
}

const WEIGHTS: Init = Init::Normal(0.0, 0.02);
const GAMMA: Init = Init::Normal(1.0, 0.02);

/// Noise to picture: a transposed convolution to 4 pixels, and one for each doubling.
///
/// # Shapes
/// `z` `[N, Z] -> [N, C, size, size]`, values in [-1, 1]
///
/// # Source
/// Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
/// networks", 2016.
pub fn generator(s: &Scope, config: &Config, z: &Var) -> Var {
    let (levels, w) = (config.levels(), config.width);
    let up = |i: usize, x: &Var, layer: Conv| {
        let x = conv_transpose(&s.at(("up", i)), x, &layer.without_bias());
        batch_norm(&s.at(("norm", i)), &x, GAMMA, 0.0)
    };
    let x = reshape(z, [z.shape()[0], config.noise, 1, 1]);
    let first = Conv::new(w << levels, 4).window(1, 0).init(WEIGHTS);
    let x = up(0, &x, first); //                                                        [N, 4 W, 4, 4] at 32 pixels
    let x = (1..=levels).fold(x, |x, i| up(i, &x, Config::step(w << (levels - i)))); // [N, W, 16, 16]
    let x = conv_transpose(&s.at("picture"), &x, &config.bare(Config::step(config.channels)));
    tanh(&x)
}

/// Picture to logit, positive for "real": a convolution for each halving down to 4 pixels, and one more.
///
/// # Shapes
/// `x` `[N, C, size, size]`, values in [-1, 1] `-> [N]`
///
/// # Source
/// As [`generator`].
pub fn discriminator(s: &Scope, config: &Config, x: &Var) -> Var {
    let (n, w) = (x.shape()[0], config.width);
    let down = |i: usize, x: &Var| {
        let x = conv(&s.at(("down", i)), x, &Config::step(w << i).without_bias());
        batch_norm(&s.at(("norm", i)), &x, GAMMA, 0.2)
    };
    let x = conv(&s.at(("down", 0)), x, &config.bare(Config::step(w)).leaky(0.2)); // [N, W, 16, 16] at 32 pixels
    let x = (1..=config.levels()).fold(x, |x, i| down(i, &x)); //                      [N, 4 W, 4, 4]
    let last = Conv::new(1, 4).window(1, 0).init(WEIGHTS);
    reshape(&conv(&s.at("logit"), &x, &config.bare(last)), [n])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_checkpoint_is_one_of_32_pixels_with_biases() {
        let old: Config = serde_json::from_str(r#"{"channels":1,"noise":8,"width":4}"#).unwrap();
        assert_eq!(old, Config::new(1, 8, 4));
    }
}
