//! VGG nets with made-up weights: speed does not depend on what a net has seen.

use impasto_models::style::{Input, Perceptual, vgg};
use impasto_models::{Init, Kind, Params};
use impasto_tensor::{Shape, Tensor};

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
