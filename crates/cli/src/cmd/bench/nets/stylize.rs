//! A network that paints in one pass: at work, and its training with VGG-16.

use impasto_autograd::Var;
use impasto_models::Params;
use impasto_models::style::{Apprentice, Painting, paint, transformer};
use impasto_tensor::Tensor;

use super::vgg::{made_up, net};
use super::{Network, Start, below};
use crate::cmd::bench::pictures;

/// Up to the last layer that is asked for.
const VGG16: [(usize, usize); 4] = [(64, 2), (128, 2), (256, 3), (512, 3)];
const STYLE: [&str; 4] = ["relu1_2", "relu2_2", "relu3_3", "relu4_3"];
const CONTENT: &str = "relu2_2";
/// Of content and style.
const WEIGHTS: [f64; 2] = [1e5, 1e10];
const BATCH: usize = 4;
const SIDE: usize = 256;
const RATE: f64 = 1e-3;

fn weights() -> Params {
    Params::create(0, |s| drop(transformer(s, &Var::constant(Tensor::zeros([1, 3, 16, 16])))))
}

pub(in crate::cmd::bench) fn stylize(side: usize) -> Network {
    let start = move || Start::new(weights(), [("photographs", pictures(1, [1, 3, side, side]))]);
    Network::new(format!("transformernet {side}px inference"), start, |start| {
        let photographs = start.shown("photographs");
        Box::new(move || {
            let y = paint(&start.weights, &photographs);
            vec![y.dot(&y) / y.len() as f64]
        })
    })
}

pub(in crate::cmd::bench) fn fast_train() -> Network {
    let start = || {
        let photographs = pictures(1, [BATCH, 3, SIDE, SIDE]);
        Start::new(
            made_up(&VGG16).join(weights()),
            [("photographs", photographs), ("painting", pictures(2, [1, 3, SIDE, SIDE]))],
        )
    };
    Network::new(format!("fast-style train b{BATCH} {SIDE}px step"), start, |start| {
        let net = net(&below(&start.weights, "features."), &STYLE, CONTENT);
        let painting = Painting::new(net, &start.shown("painting"), WEIGHTS);
        let photographs = start.shown("photographs");
        let mut apprentice = Apprentice::new(painting, start.weights);
        Box::new(move || vec![apprentice.step(&photographs, RATE)])
    })
}
