//! A classifier's step.

use impasto_autograd::Var;
use impasto_autograd::ops::cross_entropy;
use impasto_models::classifier::small_network;
use impasto_models::optim::Adam;
use impasto_models::{Params, descend};
use impasto_tensor::Tensor;

use super::{Network, Start};
use crate::cmd::bench::pictures;

const BATCH: usize = 128;
const CLASSES: usize = 10;
const RATE: f64 = 1e-3;

pub(in crate::cmd::bench) fn cnn() -> Network {
    let start = || {
        let images = pictures(1, [BATCH, 1, 28, 28]);
        let labels = Tensor::from_fn([BATCH], |i| (i % CLASSES) as f32);
        let two = Var::constant(images.slice(0..2));
        let weights = Params::create(0, |s| drop(small_network(s, CLASSES, &two)));
        Start::new(weights, [("images", images), ("labels", labels)])
    };
    Network::new(format!("cnn 28px b{BATCH} train step"), start, |start| {
        let images = Var::constant(start.shown("images"));
        let labels: Vec<u32> = start.shown("labels").data().iter().map(|&label| label as u32).collect();
        let (mut params, mut adam) = (start.weights, Adam::default());
        Box::new(move || {
            let loss =
                descend(&mut params, &mut adam, RATE, |s| cross_entropy(&small_network(s, CLASSES, &images), &labels));
            vec![loss]
        })
    })
}
