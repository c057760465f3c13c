//! VGG nets with made-up weights: speed does not depend on what a net has seen.

use impasto_autograd::ops::mean;
use impasto_autograd::{Var, grad};
use impasto_models::style::{Input, Perceptual, vgg};
use impasto_models::{Init, Kind, Params};
use impasto_tensor::{Shape, Tensor};

use super::{Network, Start};
use crate::cmd::bench::pictures;

/// Weights by torchvision's names, for blocks of (outputs, convolutions).
pub(super) fn made_up(blocks: &[(usize, usize)]) -> Params {
    let mut params = Params::default();
    let (mut index, mut inputs) = (0, 3);
    for &(outputs, convolutions) in blocks {
        for _ in 0..convolutions {
            let path = format!("features.{index}.weight");
            let weight = Init::He.tensor(0, &path, Shape::new(&[outputs, inputs, 3, 3]));
            params.insert(path, weight, Kind::Weight);
            params.insert(format!("features.{index}.bias"), Tensor::zeros([outputs]), Kind::Weight);
            (index, inputs) = (index + 2, outputs);
        }
        index += 1;
    }
    params
}

/// The net of these weights, which sees pictures as they are.
pub(super) fn net(weights: &Params, style: &[&str], content: &str) -> Perceptual {
    let tensors = weights.iter().map(|(path, tensor, _)| (path.to_owned(), tensor.clone())).collect();
    vgg(tensors, Input::Unit, style, content).expect("every start has the weights of its network")
}

/// Up to `relu4_1`.
const VGG16: [(usize, usize); 4] = [(64, 2), (128, 2), (256, 3), (512, 1)];

/// The gradient of a frozen VGG-16 to the picture.
pub(in crate::cmd::bench) fn vgg16(side: usize) -> Network {
    let start = move || Start::new(made_up(&VGG16), [("image", pictures(1, [1, 3, side, side]))]);
    Network::new(format!("vgg16 relu4_1 {side}px gradient"), start, |start| {
        let net = net(&start.weights, &[], "relu4_1");
        let image = start.shown("image");
        Box::new(move || {
            let image = Var::param(image.clone());
            let features = net.features(&image).1;
            let loss = mean(&(&features * &features));
            let size = f64::from(loss.item());
            let g = grad(&loss, &[&image]).remove(0);
            vec![size, g.dot(&g)]
        })
    })
}
