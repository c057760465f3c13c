//! A discriminator's step by the pairing loss of R3GAN, plain or with both gradient penalties, R1 and R2: what gradients of
//! gradients cost.
//!
//! Source: Huang et al., "The GAN is dead; long live the GAN!", 2024.

use impasto_autograd::Var;
use impasto_autograd::ops::{mean, reshape, softplus};
use impasto_models::gan;
use impasto_models::layers::{Conv, conv, linear};
use impasto_models::optim::Adam;
use impasto_models::{Params, Scope, descend};

use super::{Network, Start};
use crate::cmd::bench::pictures;

const BATCH: usize = 64;
const SIDE: usize = 32;
const OUTPUTS: [usize; 3] = [64, 128, 256];
const RATE: f64 = 2e-4;
/// What a squared gradient weighs.
const GAMMA: f64 = 1.0;

fn scores(s: &Scope, x: &Var) -> Var {
    let layer = |x: Var, (i, &outputs): (usize, &usize)| {
        conv(&s.at(("conv", i)), &x, &Conv::new(outputs, 4).window(2, 1).leaky(0.2))
    };
    let h = OUTPUTS.iter().enumerate().fold(x.clone(), layer);
    let inner = h.value().len() / x.shape()[0];
    linear(&s.at("score"), &reshape(&h, [x.shape()[0], inner]), 1)
}

pub(in crate::cmd::bench) fn critic(penalised: bool) -> Network {
    let start = || {
        let picture = |stream| pictures(stream, [BATCH, 3, SIDE, SIDE]).into_map(|v| 2.0 * v - 1.0);
        let two = Var::constant(picture(1).slice(0..2));
        Start::new(Params::create(0, |s| drop(scores(s, &two))), [("real", picture(1)), ("fake", picture(2))])
    };
    let (name, steps): (_, fn(Start) -> super::Step) = if penalised {
        ("r1 and r2 step", |start| steps(start, true))
    } else {
        ("plain step", |start| steps(start, false))
    };
    Network::new(format!("critic {SIDE}px b{BATCH} {name}"), start, steps)
}

fn steps(start: Start, penalised: bool) -> super::Step {
    let pictures = ["real", "fake"].map(|name| start.shown(name));
    let (mut params, mut adam) = (start.weights, Adam::default());
    Box::new(move || {
        let loss = descend(&mut params, &mut adam, RATE, |s| {
            // Without a penalty nobody asks for the gradient of a picture.
            let [real, fake] = pictures.clone().map(|x| if penalised { Var::param(x) } else { Var::constant(x) });
            let [on_real, on_fake] = [&real, &fake].map(|x| scores(s, x));
            let pairing = |scores: &[Var]| mean(&softplus(&(&scores[1] - &scores[0])));
            if !penalised {
                return pairing(&[on_real, on_fake]);
            }
            gan::penalised(&[(&real, &on_real), (&fake, &on_fake)], &s.biases(), GAMMA / 2.0, pairing)
        });
        vec![loss]
    })
}
