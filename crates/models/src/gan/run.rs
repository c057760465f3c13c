//! Training: the discriminator learns to tell real from made, the generator to be taken for real.

use std::path::Path;

use impasto_autograd::Var;
use impasto_autograd::fns::{Padding, logistic, pad2d};
use impasto_tensor::{Random, Tensor, random};
use serde::{Deserialize, Serialize};

use super::net::{Config, SIZE, discriminator, generator};
use crate::batches::Batches;
use crate::checkpoint::Checkpoint;
use crate::ema::Ema;
use crate::error::Error;
use crate::event::Event;
use crate::optim::{Adam, Optimiser};
use crate::params::Params;
use crate::scope::Pass;

/// What a run is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Steps in all.
    pub steps: u64,
    /// The learning rate of both networks.
    pub lr: f64,
    /// What stays of the generator's average weights at each step.
    pub ema: f64,
    /// Where all random numbers come from.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { steps: 1000, lr: 2e-4, ema: 0.99, seed: 0 }
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Steps done.
    pub step: u64,
    /// Batches taken.
    pub batches: u64,
    /// Random words drawn for noise.
    pub noise: u64,
}

/// What a checkpoint says besides weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The networks.
    pub config: Config,
    /// The run.
    pub settings: Settings,
    /// How far it is.
    pub counters: Counters,
    /// The hash of the training data.
    pub data: String,
}

/// A training run: owns all of its state.
pub struct Run<B> {
    config: Config,
    settings: Settings,
    generator: Params,
    discriminator: Params,
    average: Ema,
    adams: [Adam; 2],
    noise: Random,
    batches: B,
    step: u64,
}

/// The momentum that DCGAN found stable.
const BETAS: [f64; 2] = [0.5, 0.999];

impl<B: Batches> Run<B> {
    /// A run from the beginning.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn new(config: Config, settings: Settings, batches: B) -> Result<Self, Error> {
        if config.noise == 0 || config.width == 0 || config.channels == 0 {
            return Err(Error::setting("width", format!("expected noise, width and channels above 0, got {config:?}")));
        }
        let z = Var::constant(Tensor::zeros([2, config.noise]));
        let picture = Var::constant(Tensor::zeros([2, config.channels, SIZE, SIZE]));
        // The networks begin differently because their paths do.
        let generator = Params::create(settings.seed, |s| {
            generator(&s.at("generator"), &config, &z);
        });
        let discriminator = Params::create(settings.seed, |s| {
            discriminator(&s.at("discriminator"), &config, &picture);
        });
        let adam = Adam::new(BETAS, 0.0);
        Ok(Self {
            average: Ema::new(&generator, settings.ema),
            adams: [adam.clone(), adam],
            noise: Random::new(settings.seed, random::stream("noise")),
            step: 0,
            config,
            settings,
            generator,
            discriminator,
            batches,
        })
    }

    /// The averaged generator, which draws better than the latest one.
    pub fn generator(&self) -> &Params {
        &self.average.params
    }

    /// The networks' configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// One batch: a step of the discriminator on real and made pictures, then one of the generator.
    ///
    /// # Source
    /// Goodfellow et al., "Generative adversarial nets", 2014, with the generator's non-saturating loss.
    pub fn step(&mut self) -> Event {
        let real = prepare(&self.batches.next().images);
        let z = Var::constant(self.noise.normal([real.shape()[0], self.config.noise], 0.0, 1.0));
        let making = Pass::train(&self.generator);
        let fake = generator(&making.root().at("generator"), &self.config, &z);

        // Real and made pictures go through separately: each batch is normalised by its own statistics.
        let judging = Pass::train(&self.discriminator);
        let judge = |pass: &Pass, x: &Var| discriminator(&pass.root().at("discriminator"), &self.config, x);
        let (on_real, on_fake) = (judge(&judging, &real), judge(&judging, &fake.detach()));
        let loss_d = logistic(&on_real, true) + logistic(&on_fake, false);
        let gradients = judging.gradients(&loss_d);
        self.discriminator.commit(judging.into_updates());
        self.adams[1].step(&mut self.discriminator, &gradients, self.settings.lr);

        // The improved discriminator is frozen: its weights cost no gradient.
        let loss_g = logistic(&judge(&Pass::frozen(&self.discriminator), &fake), true);
        let gradients = making.gradients(&loss_g);
        self.generator.commit(making.into_updates());
        self.adams[0].step(&mut self.generator, &gradients, self.settings.lr);

        self.step += 1;
        self.average.follow(&self.generator, self.step);
        let share = |logits: &Var, real: bool| {
            let right = logits.value().data().iter().filter(|&&l| (l > 0.0) == real).count();
            right as f64 / logits.value().len() as f64
        };
        Event {
            step: self.step,
            scalars: vec![
                ("discriminator_loss", f64::from(loss_d.item())),
                ("generator_loss", f64::from(loss_g.item())),
                ("real_accuracy", share(&on_real, true)),
                ("fake_accuracy", share(&on_fake, false)),
            ],
        }
    }

    /// All of the run's state, and the hash of its training data.
    pub fn checkpoint(&self, data: &str) -> Checkpoint {
        let counters = Counters { step: self.step, batches: self.batches.position(), noise: self.noise.position() };
        let meta =
            Meta { config: self.config.clone(), settings: self.settings.clone(), counters, data: data.to_owned() };
        let mut checkpoint = Checkpoint::new("gan", &meta);
        checkpoint.put("average", &self.average.params);
        checkpoint.put("generator", &self.generator);
        checkpoint.put("discriminator", &self.discriminator);
        checkpoint.put("adam_generator", self.adams[0].state());
        checkpoint.put("adam_discriminator", self.adams[1].state());
        checkpoint
    }

    /// Goes on where a checkpoint was made: the steps that follow are, bit for bit, those of the run that made it.
    ///
    /// # Errors
    /// If the checkpoint is not that of a GAN.
    pub fn resume(path: &Path, batches: B) -> Result<Self, Error> {
        let checkpoint = Checkpoint::load_kind(path, "gan")?;
        let Meta { config, settings, counters, .. } = checkpoint.meta(path)?;
        let mut run = Self::new(config, settings, batches)?;
        run.generator = checkpoint.part("generator");
        run.discriminator = checkpoint.part("discriminator");
        run.average.params = checkpoint.part("average");
        run.adams[0].restore(counters.step, checkpoint.part("adam_generator"));
        run.adams[1].restore(counters.step, checkpoint.part("adam_discriminator"));
        run.noise.seek(counters.noise);
        run.batches.seek(counters.batches);
        run.step = counters.step;
        Ok(run)
    }
}

/// Pictures in [0, 1] of at most 32 by 32 pixels to [-1, 1] with black around them.
fn prepare(images: &Tensor) -> Var {
    let sides = [2, 3].map(|axis| {
        let missing = SIZE.saturating_sub(images.shape()[axis]);
        [missing / 2, missing - missing / 2]
    });
    pad2d(&Var::constant(images.clone()), Padding::Zero, sides) * 2.0 - 1.0
}

/// Pictures made from the noise of a seed: picture `i` is the same however many are asked for.
///
/// # Shapes
/// `[n, C, 32, 32]`, values in [0, 1]
pub fn generate(generator_params: &Params, config: &Config, seed: u64, n: usize) -> Tensor {
    const CHUNK: usize = 64;
    let mut noise = Random::new(seed, random::stream("generate"));
    let parts: Vec<Tensor> = (0..n)
        .step_by(CHUNK)
        .map(|start| {
            let z = Var::constant(noise.normal([CHUNK.min(n - start), config.noise], 0.0, 1.0));
            let pass = Pass::evaluate(generator_params);
            let pictures = generator(&pass.root().at("generator"), config, &z);
            pictures.into_value().into_map(|v| v * 0.5 + 0.5)
        })
        .collect();
    if parts.is_empty() {
        return Tensor::zeros([0, config.channels, SIZE, SIZE]);
    }
    Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0)
}
