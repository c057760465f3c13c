//! The residual network: deep, and still easy to train, since each block begins as the identity.

use impasto_autograd::Var;
use impasto_autograd::fns::relu;
use impasto_autograd::ops::mean_axes;

use super::net::Config;
use crate::init::Init;
use crate::layers::{Conv, batch_norm, conv, linear};
use crate::scope::Scope;

/// A convolution, and stages of `depth` blocks each: W channels in the first, twice as many and half the side in each that
/// follows, until the side is 8 pixels or less; the mean over the picture, and a linear layer: logits. With 32 pixels there are
/// three stages and 6 depth + 2 layers, as in the paper.
///
/// # Shapes
/// `x` `[N, C, H, W] -> [N, classes]`
///
/// # Source
/// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016, section 4.2, with their projections (B) as
/// shortcuts.
pub(super) fn resnet(s: &Scope, config: &Config, x: &Var) -> Var {
    let first = Conv::new(config.width, 3).without_bias();
    let mut x = batch_norm(&s.at("norm"), &conv(&s.at("conv"), x, &first), Init::Constant(1.0), 0.0); // [N, W, H, W]
    for stage in 0..stages(config.size) {
        for i in 0..config.depth {
            let stride = if stage > 0 && i == 0 { 2 } else { 1 };
            x = block(&s.at(("stage", stage)).at(("block", i)), &x, config.width << stage, stride);
        }
    }
    linear(&s.at("head"), &mean_axes(&x, &[2, 3]), config.classes.len())
}

/// relu(f(x) + x), where f ends with a norm whose scale begins at 0; where the shape changes, x goes through a convolution of
/// 1 x 1 and a norm.
///
/// # Source
/// The scale of 0: Goyal et al., "Accurate, large minibatch SGD", 2017, section 5.1.
fn block(s: &Scope, x: &Var, outputs: usize, stride: usize) -> Var {
    let unit = |s: &Scope, x: &Var, layer: Conv, gamma: f64, slope: f64| {
        batch_norm(&s.at("norm"), &conv(&s.at("conv"), x, &layer.without_bias()), Init::Constant(gamma), slope)
    };
    let y = unit(&s.at(("unit", 0)), x, Conv::new(outputs, 3).window(stride, 1), 1.0, 0.0);
    let y = unit(&s.at(("unit", 1)), &y, Conv::new(outputs, 3), 0.0, 1.0);
    if x.shape() == y.shape() {
        return relu(&(y + x));
    }
    relu(&(y + unit(&s.at("shortcut"), x, Conv::new(outputs, 1).window(stride, 0), 1.0, 1.0)))
}

fn stages(side: usize) -> usize {
    1 + std::iter::successors(Some(side), |side| Some(side.div_ceil(2))).take_while(|side| *side > 8).count()
}

pub(super) fn weights(config: &Config) -> f64 {
    let [channels, width, classes] = [config.channels, config.width, config.classes.len()].map(|n| n as f64);
    let at = |stage: usize| width * 2f64.powi(stage as i32);
    let (last, depth) = (stages(config.size) - 1, config.depth as f64);
    let same: f64 = (0..=last).map(|stage| 9.0 * at(stage) * at(stage) * 2.0 * depth).sum();
    // The first convolution of a stage sees half the channels, as does its shortcut of 1 x 1.
    let wider: f64 = (1..=last).map(|stage| at(stage) * at(stage) * (0.5 - 4.5)).sum();
    9.0 * channels * width + same + wider + at(last) * classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::{Net, network};
    use crate::params::Params;
    use crate::scope::Pass;
    use impasto_tensor::{Random, Tensor};

    #[test]
    fn stages_end_at_8_pixels() {
        assert_eq!([8, 9, 16, 28, 32, 33, 64].map(stages), [1, 2, 2, 3, 3, 4, 4]);
    }

    /// At the beginning a block adds nothing: a deeper network gives the same logits.
    #[test]
    fn blocks_begin_as_the_identity() {
        let logits = |depth: usize| {
            let classes = vec!["a".into(), "b".into()];
            let config = Config { net: Net::Resnet, depth, ..Config::new(1, 8, classes, 4) };
            let x = Var::constant(Random::new(1, 0).uniform([3, 1, 8, 8], 0.0, 1.0));
            let params = Params::create(5, |s| drop(network(s, &config, &x)));
            network(&Pass::evaluate(&params).root(), &config, &x).into_value()
        };
        assert_eq!(logits(1), logits(3));
        assert_ne!(logits(1), Tensor::zeros([3, 2]));
    }
}
