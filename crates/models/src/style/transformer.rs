//! A network that paints in one style, in one pass: once trained it needs no optimisation.

use impasto_autograd::Var;
use impasto_autograd::fns::{Padding, pad2d};
use impasto_tensor::Tensor;

use super::painting::Painting;
use crate::descend;
use crate::layers::{self, Conv, instance_norm};
use crate::optim::Adam;
use crate::params::Params;
use crate::scope::{Pass, Scope};

/// A convolution over a mirrored edge, at `conv2d`, that keeps the side or divides it by `stride`.
fn conv(s: &Scope, x: &Var, outputs: usize, kernel: usize, stride: usize) -> Var {
    let edge = [kernel / 2; 2];
    let x = pad2d(x, Padding::Reflect, [edge; 2]);
    layers::conv(&s.at("conv2d"), &x, &Conv::new(outputs, kernel).window(stride, 0))
}

/// Picture to painted picture: three convolutions down to a quarter of the side, five residual blocks, three convolutions up.
///
/// # Shapes
/// `x` `[N, 3, H, W] -> [N, 3, H, W]`, for sides that 4 divides
///
/// # Source
/// Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style transfer and super-resolution", 2016, with instance
/// norm (Ulyanov, Vedaldi and Lempitsky, 2016) and nearest-neighbour enlargement in place of transposed convolution.
pub fn transformer(s: &Scope, x: &Var) -> Var {
    let normed = |conv_at: String, norm_at: String, x: &Var, [outputs, kernel, stride]: [usize; 3]| {
        instance_norm(&s.at(&norm_at), &conv(&s.at(&conv_at), x, outputs, kernel, stride), 0.0)
    };
    let down = [[32, 9, 1], [64, 3, 2], [128, 3, 2]];
    let x = (1..).zip(down).fold(x.clone(), |x, (i, layer)| normed(format!("conv{i}"), format!("in{i}"), &x, layer));
    let x = (1..=5).fold(x, |x, i| residual(&s.at(&format!("res{i}")), &x)); //  [N, 128, H / 4, W / 4]
    let x = (1..).zip([64, 32]).fold(x, |x, (i, outputs)| {
        let x = layers::upsample_conv(&s.at(&format!("deconv{i}")).at("conv2d"), &x, outputs, Padding::Reflect);
        instance_norm(&s.at(&format!("in{}", i + 3)), &x, 0.0)
    });
    conv(&s.at("deconv3"), &x, 3, 9, 1)
}

/// x + norm(conv(relu(norm(conv(x)))))
fn residual(s: &Scope, x: &Var) -> Var {
    let channels = x.shape()[1];
    let y = instance_norm(&s.at("in1"), &conv(&s.at("conv1"), x, channels, 3, 1), 0.0);
    x + instance_norm(&s.at("in2"), &conv(&s.at("conv2"), &y, channels, 3, 1), 1.0)
}

/// Trains a [`transformer`] for one painting.
pub struct Apprentice {
    painting: Painting,
    /// The transformer's weights.
    pub params: Params,
    adam: Adam,
}

impl Apprentice {
    /// At the beginning.
    pub fn new(painting: Painting, params: Params) -> Self {
        Self { painting, params, adam: Adam::default() }
    }

    /// One step on a batch of photographs; returns the loss.
    ///
    /// # Shapes
    /// `photographs` `[N, 3, H, W]`
    pub fn step(&mut self, photographs: &Tensor, lr: f64) -> f64 {
        let photographs = Var::constant(photographs.clone());
        let content = self.painting.content(&photographs);
        descend(&mut self.params, &mut self.adam, lr, |s| self.painting.loss(&transformer(s, &photographs), &content))
    }
}

/// Paints with a trained transformer.
///
/// # Shapes
/// `[N, 3, H, W] -> [N, 3, H, W]`
pub fn paint(params: &Params, photographs: &Tensor) -> Tensor {
    transformer(&Pass::evaluate(params).root(), &Var::constant(photographs.clone())).into_value()
}

#[cfg(test)]
mod tests {
    use super::super::random_filters;
    use super::*;
    use impasto_tensor::Random;

    #[test]
    fn an_apprentice_learns() {
        let picture: Tensor = Random::new(1, 0).uniform([1, 3, 32, 32], 0.0, 1.0);
        let params = Params::create(0, |s| drop(transformer(s, &Var::constant(picture.clone()))));
        assert_eq!(params.count(), 1_679_235, "as in the network of the paper's implementations");
        assert_eq!(paint(&params, &picture).shape(), picture.shape());
        let mut apprentice = Apprentice::new(Painting::new(random_filters(0), &picture, [1.0, 10.0]), params);
        let losses: Vec<f64> = (0..4).map(|_| apprentice.step(&picture, 1e-3)).collect();
        assert!(losses[3] < losses[0], "{losses:?}");
    }
}
