//! What a network is made for, and which of the networks it is.

use impasto_autograd::Var;
use impasto_autograd::ops::reshape;
use impasto_tensor::Tensor;
use impasto_tensor::pool::MaxPool;
use serde::{Deserialize, Serialize};

use super::{mlp, plain, resnet, vgg};
use crate::error::Error;
use crate::params::{Params, fits_memory, pictures_fit};
use crate::scope::Scope;

/// The pattern of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Net {
    /// Three convolutions with batch norm.
    #[default]
    Plain,
    /// Blocks of two convolutions with batch norm that add to what they see.
    Resnet,
    /// Convolutions with biases, without norm.
    Vgg,
    /// Layers that connect everything with everything.
    Mlp,
}

impl Net {
    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Resnet => "resnet",
            Self::Vgg => "vgg",
            Self::Mlp => "mlp",
        }
    }
}

/// What the network is made for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Channels of a picture: C.
    pub channels: usize,
    /// Height and width of a picture in pixels.
    pub size: usize,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Channels of the first layer, W; later layers have 2 W and 4 W. Of an MLP, units of each hidden layer.
    pub width: usize,
    /// The pattern.
    #[serde(default)]
    pub net: Net,
    /// Blocks of each stage of a residual network, convolutions of each stage of a VGG, hidden layers of an MLP; 1 of the plain
    /// network.
    #[serde(default = "one")]
    pub depth: usize,
}

/// What checkpoints that do not say otherwise were made for.
fn one() -> usize {
    1
}

impl Config {
    /// The plain network of a width; change `net` and `depth` for another.
    pub fn new(channels: usize, size: usize, classes: Vec<String>, width: usize) -> Self {
        Self { channels, size, classes, width, net: Net::default(), depth: one() }
    }

    /// Whether there is such a network.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong =
            |field, wanted: &str, got: usize| Err(Error::setting(field, format!("expected {wanted}, got {got}")));
        match self {
            Self { width: 0, .. } => wrong("width", "at least 1", 0),
            Self { channels: 0, .. } => wrong("channels", "at least 1", 0),
            Self { size, .. } if *size < 8 => wrong("size", "pictures of at least 8 px", *size),
            Self { classes, .. } if classes.len() < 2 => {
                wrong("classes", "pictures of at least two classes", classes.len())
            }
            Self { depth: 0, .. } => wrong("depth", "at least 1", 0),
            Self { net: Net::Plain, depth, .. } if *depth > 1 => {
                wrong("depth", "1 for the plain net (others are deeper: resnet, vgg)", *depth)
            }
            _ => fits_memory("width", self.weights())
                .and_then(|()| pictures_fit(self.channels.max(self.width), self.size)),
        }
    }

    /// About how many weights the network has; in floating point, which does not overflow.
    fn weights(&self) -> f64 {
        match self.net {
            Net::Plain => plain::weights(self),
            Net::Resnet => resnet::weights(self),
            Net::Vgg => vgg::weights(self),
            Net::Mlp => mlp::weights(self),
        }
    }

    /// The network's weights at its beginning.
    pub(super) fn create(&self, seed: u64) -> Params {
        let blank = Var::constant(Tensor::zeros([1, self.channels, self.size, self.size]));
        Params::create(seed, |s| {
            network(s, self, &blank);
        })
    }
}

/// Halves the side, rounding up.
pub(super) const POOL: MaxPool = MaxPool { kernel: 2, stride: 2, padding: 0, ceil: true };

/// The network that `config` names: logits.
///
/// # Shapes
/// `x` `[N, C, H, W]`, values in [0, 1] `-> [N, classes]`
pub fn network(s: &Scope, config: &Config, x: &Var) -> Var {
    let x = (x - 0.5) * 4.0; // values in [-2, 2]
    match config.net {
        Net::Plain => plain::plain(s, config, &x),
        Net::Resnet => resnet::resnet(s, config, &x),
        Net::Vgg => vgg::vgg(s, config, &x),
        Net::Mlp => mlp::mlp(s, config, &x),
    }
}

/// `[N, ..] -> [N, I]`
pub(super) fn flatten(x: &Var) -> Var {
    let n = x.shape()[0];
    reshape(x, [n, x.value().len() / n])
}

/// The side that [`POOL`] leaves after three times.
pub(super) fn eighth(side: usize) -> usize {
    side.div_ceil(2).div_ceil(2).div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(net: Net, depth: usize) -> Config {
        let classes = (0..10).map(|i| i.to_string()).collect();
        Config { net, depth, ..Config::new(3, 20, classes, 8) }
    }

    #[test]
    fn the_weights_counted_beforehand_are_about_those_that_are_made() {
        for (net, depth) in [(Net::Plain, 1), (Net::Resnet, 1), (Net::Resnet, 3), (Net::Vgg, 2), (Net::Mlp, 3)] {
            let config = config(net, depth);
            let (guess, made) = (config.weights(), config.create(0).count() as f64);
            assert!((guess / made - 1.0).abs() < 0.06, "{net:?} {depth}: {guess} of {made}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let message = |config: Config| config.check().unwrap_err().to_string();
        assert!(message(config(Net::Plain, 2)).starts_with("depth: expected 1 for the plain net"));
        assert!(message(config(Net::Vgg, 0)).starts_with("depth: expected at least 1"));
        for net in [Net::Plain, Net::Resnet, Net::Vgg, Net::Mlp] {
            let huge = Config { width: 1 << 40, ..config(net, 1) };
            assert!(message(huge).starts_with("width: makes a network of"), "{net:?}");
        }
    }

    #[test]
    fn a_config_that_names_no_net_is_of_the_plain_one() {
        let old = r#"{"channels": 1, "size": 28, "classes": ["a", "b"], "width": 16}"#;
        let config: Config = serde_json::from_str(old).unwrap();
        assert_eq!(config, Config::new(1, 28, vec!["a".into(), "b".into()], 16));
        let new: Config = serde_json::from_str(&old.replace('}', r#", "net": "resnet", "depth": 2}"#)).unwrap();
        assert_eq!((new.net, new.depth), (Net::Resnet, 2));
    }
}
