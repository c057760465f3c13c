//! A step of style transfer by optimisation, with VGG-19.

use impasto_autograd::Var;
use impasto_models::optim::Adam;
use impasto_models::style::Painting;
use impasto_models::{Init, Kind, Params, descend};

use super::vgg::{made_up, net};
use super::{Network, Start};
use crate::cmd::bench::pictures;

/// Up to the last layer that is asked for.
const VGG19: [(usize, usize); 5] = [(64, 2), (128, 2), (256, 4), (512, 4), (512, 1)];
const STYLE: [&str; 5] = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"];
const CONTENT: &str = "relu4_2";
/// Of content and style.
const WEIGHTS: [f64; 2] = [1.0, 1e4];
const RATE: f64 = 0.02;

pub(in crate::cmd::bench) fn gatys(side: usize) -> Network {
    let start = move || {
        let picture = |stream| pictures(stream, [1, 3, side, side]);
        Start::new(made_up(&VGG19), [("image", picture(1)), ("painting", picture(2)), ("photograph", picture(3))])
    };
    Network::new(format!("gatys vgg19 {side}px iteration"), start, |start| {
        let painting = Painting::new(net(&start.weights, &STYLE, CONTENT), &start.shown("painting"), WEIGHTS);
        let content = painting.content(&Var::constant(start.shown("photograph")));
        let (mut params, mut adam) = (Params::default(), Adam::default());
        params.insert("image", start.shown("image"), Kind::Weight);
        let shape = *start.shown("image").shape();
        Box::new(move || {
            let loss = descend(&mut params, &mut adam, RATE, |s| {
                painting.loss(&s.weight("image", shape, Init::Constant(0.0)), &content)
            });
            vec![loss]
        })
    })
}
