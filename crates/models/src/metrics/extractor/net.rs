//! The network: small enough to ship, with few features, because covariances of many need many pictures.

use impasto_autograd::Var;
use impasto_autograd::fns::{max_pool2d, relu};
use impasto_autograd::ops::reshape;
use impasto_tensor::Tensor;
use impasto_tensor::pool::MaxPool;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::init::Init;
use crate::layers::{Conv, batch_norm, conv, linear};
use crate::params::{Params, fits_memory, pictures_fit};
use crate::scope::Scope;

/// What an extractor is made for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Channels of a picture: C.
    pub channels: usize,
    /// Height and width of a picture in pixels.
    pub size: usize,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Channels of the first layer, W; later layers have 2 W and 4 W.
    pub width: usize,
    /// Features, D: at most 128, so that a thousand pictures are enough for any metric.
    pub features: usize,
}

impl Config {
    /// Whether there is such a network.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong =
            |field, wanted: &str, got: usize| Err(Error::setting(field, format!("expected {wanted}, got {got}")));
        match self {
            Self { width: 0, .. } => wrong("width", "at least 1", 0),
            Self { channels: 0, .. } => wrong("channels", "at least 1", 0),
            Self { features, .. } if !(1..=128).contains(features) => wrong("features", "1 to 128", *features),
            Self { size, .. } if *size < 8 => wrong("size", "pictures of at least 8 px", *size),
            Self { classes, .. } if classes.len() < 2 => {
                wrong("classes", "pictures of at least two classes", classes.len())
            }
            _ => {
                let [channels, width, features] = [self.channels, self.width, self.features].map(|n| n as f64);
                let side = self.size.div_ceil(8) as f64;
                let convolutions = 9.0 * (channels * width + 10.0 * width * width);
                fits_memory("width", convolutions + 4.0 * width * side * side * features)
                    .and_then(|()| pictures_fit(self.channels.max(self.width), self.size))
            }
        }
    }

    /// The network's weights at its beginning.
    pub(super) fn create(&self, seed: u64) -> Params {
        let blank = Var::constant(Tensor::zeros([1, self.channels, self.size, self.size]));
        Params::create(seed, |s| {
            head(s, self, &trunk(s, self, &blank));
        })
    }
}

const POOL: MaxPool = MaxPool { kernel: 2, stride: 2, padding: 0, ceil: true };

/// Three convolutions with batch norm and ReLU, pooled by 2 behind each, and a linear layer with ReLU: features.
///
/// # Shapes
/// `x` `[N, C, H, W]`, values in [0, 1] `-> [N, D]`
pub(super) fn trunk(s: &Scope, config: &Config, x: &Var) -> Var {
    let w = config.width;
    let block = |i: usize, x: &Var, outputs: usize| {
        let x = conv(&s.at(("conv", i)), x, &Conv::new(outputs, 3).without_bias());
        max_pool2d(&batch_norm(&s.at(("norm", i)), &x, Init::Constant(1.0), 0.0), POOL)
    };
    let x = (x - 0.5) * 4.0; //       [N, C, H, W], values in [-2, 2]
    let x = block(0, &x, w); //       [N, W, H / 2, W / 2]
    let x = block(1, &x, 2 * w); //   [N, 2 W, H / 4, W / 4]
    let x = block(2, &x, 4 * w); //   [N, 4 W, H / 8, W / 8]
    let flat = reshape(&x, [x.shape()[0], x.value().len() / x.shape()[0]]);
    relu(&linear(&s.at("features"), &flat, config.features))
}

/// Logits of features.
///
/// # Shapes
/// `[N, D] -> [N, classes]`
pub(super) fn head(s: &Scope, config: &Config, features: &Var) -> Var {
    linear(&s.at("head"), features, config.classes.len())
}
