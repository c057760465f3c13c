//! The game: two networks, their optimisers, and a move of each.

use impasto_autograd::Var;
use impasto_autograd::fns::{logistic, std_axes};
use impasto_tensor::Tensor;

use super::net::{Config, discriminator, generator};
use crate::optim::{Adam, Optimiser};
use crate::params::Params;
use crate::scope::Pass;
use crate::sentinel::Inspection;

/// The momentum that DCGAN found stable.
const BETAS: [f64; 2] = [0.5, 0.999];

/// A generator against a discriminator.
pub struct Game {
    /// What the networks are made for.
    pub config: Config,
    /// The generator's weights, below `generator`.
    pub generator: Params,
    /// The discriminator's weights, below `discriminator`.
    pub discriminator: Params,
    /// Of the generator and of the discriminator.
    pub adams: [Adam; 2],
}

/// What came of a move.
pub struct Move {
    /// Of the discriminator and of the generator.
    pub losses: [f64; 2],
    /// The discriminator's logits for the real pictures, `[N]`.
    pub on_real: Tensor,
    /// Those for the made ones.
    pub on_fake: Tensor,
    /// How much the made pictures differ: the standard deviation of a pixel over the batch, on average over the pixels; 0 if
    /// all are the same.
    pub diversity: f64,
    /// What the gradients and the weights look like, if it was asked for or a loss is not finite.
    pub inspection: Option<Inspection>,
}

impl Game {
    /// Networks begun from a seed. They begin differently because their paths do.
    pub fn new(config: Config, seed: u64) -> Self {
        let z = Var::constant(Tensor::zeros([2, config.noise]));
        let picture = Var::constant(Tensor::zeros([2, config.channels, config.size, config.size]));
        let generator = Params::create(seed, |s| {
            generator(&s.at("generator"), &config, &z);
        });
        let discriminator = Params::create(seed, |s| {
            discriminator(&s.at("discriminator"), &config, &picture);
        });
        let adam = Adam::new(BETAS, 0.0);
        Self { config, generator, discriminator, adams: [adam.clone(), adam] }
    }

    /// A step of the discriminator on real and made pictures, then one of the generator; with `look`, an inspection of both.
    ///
    /// # Shapes
    /// `real` `[N, C, size, size]`, values in [-1, 1], `z` `[N, Z]`
    ///
    /// # Source
    /// Goodfellow et al., "Generative adversarial nets", 2014, with the generator's non-saturating loss.
    pub fn step(&mut self, real: &Var, z: &Var, lr: f64, look: bool) -> Move {
        let is_seen = |loss: &Var| look || !loss.item().is_finite();
        let making = Pass::train(&self.generator);
        let fake = generator(&making.root().at("generator"), &self.config, z);

        // Real and made pictures go through separately: each batch is normalised by its own statistics.
        let judging = Pass::train(&self.discriminator);
        let judge = |pass: &Pass, x: &Var| discriminator(&pass.root().at("discriminator"), &self.config, x);
        let (on_real, on_fake) = (judge(&judging, real), judge(&judging, &fake.detach()));
        let loss_d = logistic(&on_real, true) + logistic(&on_fake, false);
        let gradients = judging.gradients(&loss_d);
        self.discriminator.commit(judging.into_updates());
        self.adams[1].step(&mut self.discriminator, &gradients, lr);
        let seen_d = is_seen(&loss_d).then(|| Inspection::of(&self.discriminator, &gradients));

        // The improved discriminator is frozen: its weights cost no gradient.
        let loss_g = logistic(&judge(&Pass::frozen(&self.discriminator), &fake), true);
        let gradients = making.gradients(&loss_g);
        self.generator.commit(making.into_updates());
        self.adams[0].step(&mut self.generator, &gradients, lr);
        let seen_g = is_seen(&loss_g).then(|| Inspection::of(&self.generator, &gradients));

        let inspection = seen_g.into_iter().chain(seen_d).reduce(Inspection::join);
        let losses = [loss_d, loss_g].map(|loss| f64::from(loss.item()));
        let diversity = f64::from(std_axes(&fake.detach(), &[0], 0).value().mean());
        Move { losses, on_real: on_real.into_value(), on_fake: on_fake.into_value(), diversity, inspection }
    }
}
