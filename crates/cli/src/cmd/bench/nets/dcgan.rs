//! A GAN's step: the discriminator on real and on made pictures, then the generator.

use impasto_autograd::Var;
use impasto_models::gan::{Config, Game};

use super::{Network, Start, below};
use crate::cmd::bench::{noise, pictures};

const BATCH: usize = 64;
const RATE: f64 = 2e-4;

pub(in crate::cmd::bench) fn dcgan() -> Network {
    let start = || {
        let config = Config::paper();
        let game = Game::new(config.clone(), 0);
        let real = pictures(1, [BATCH, config.channels, config.size, config.size]).into_map(|v| 2.0 * v - 1.0);
        let z = |step: u64| noise(2 + step, [BATCH, config.noise]);
        Start::new(
            game.generator.join(game.discriminator),
            [("real", real), ("z.0", z(0)), ("z.1", z(1)), ("z.2", z(2))],
        )
    };
    Network::new(format!("dcgan64 b{BATCH} train step"), start, |start| {
        let shown = |name: &str| Var::constant(start.shown(name));
        let (real, z) = (shown("real"), ["z.0", "z.1", "z.2"].map(shown));
        let mut game = Game::new(Config::paper(), 0);
        game.generator = below(&start.weights, "generator.");
        game.discriminator = below(&start.weights, "discriminator.");
        let mut z = z.into_iter().cycle();
        Box::new(move || {
            let z = z.next().expect("a cycle has no end");
            game.step(&real, &z, RATE, false).losses.into()
        })
    })
}
