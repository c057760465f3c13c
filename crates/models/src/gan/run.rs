//! Training: the discriminator learns to tell real from made, the generator to be taken for real.

use std::path::Path;

use impasto_autograd::Var;
use impasto_autograd::fns::{Padding, pad2d};
use impasto_tensor::{Random, Tensor, random};
use serde::{Deserialize, Serialize};

use super::game::{Game, Move};
use super::net::{Config, generator};
use crate::batches::Batches;
use crate::checkpoint::Checkpoint;
use crate::ema::Ema;
use crate::engine::{Steps, Training};
use crate::error::Error;
use crate::event::Event;
use crate::optim::{Adam, Optimiser};
use crate::params::Params;
use crate::scope::Pass;
use crate::sentinel::Inspection;

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

impl Settings {
    /// Whether a run can be told this.
    fn check(&self) -> Result<(), Error> {
        if !(self.lr >= 0.0 && self.lr.is_finite()) {
            return Err(Error::setting("lr", format!("expected a number from 0, got {}", self.lr)));
        }
        if !(0.0..1.0).contains(&self.ema) {
            return Err(Error::setting("ema", format!("expected a number from 0 and below 1, got {}", self.ema)));
        }
        Ok(())
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
    settings: Settings,
    game: Game,
    average: Ema,
    noise: Random,
    batches: B,
    step: u64,
}

impl<B: Batches> Run<B> {
    /// A run from the beginning.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn new(config: Config, settings: Settings, batches: B) -> Result<Self, Error> {
        config.check()?;
        settings.check()?;
        let game = Game::new(config, settings.seed);
        Ok(Self {
            average: Ema::new(&game.generator, settings.ema),
            noise: Random::new(settings.seed, random::stream("noise")),
            step: 0,
            settings,
            game,
            batches,
        })
    }

    /// The averaged generator, which draws better than the latest one.
    pub fn generator(&self) -> &Params {
        &self.average.params
    }

    /// The networks' configuration.
    pub fn config(&self) -> &Config {
        &self.game.config
    }

    /// One batch, a move of both sides.
    pub fn step(&mut self) -> Event {
        self.advance(false).0
    }

    fn advance(&mut self, look: bool) -> (Event, Option<Inspection>) {
        let config = &self.game.config;
        let real = prepare(&self.batches.next().images, config.size);
        let z = Var::constant(self.noise.normal([real.shape()[0], config.noise], 0.0, 1.0));
        let Move { losses: [loss_d, loss_g], on_real, on_fake, diversity, inspection } =
            self.game.step(&real, &z, self.settings.lr, look);
        self.step += 1;
        self.average.follow(&self.game.generator, self.step);
        let share = |logits: &Tensor, real: bool| {
            let right = logits.data().iter().filter(|&&l| (l > 0.0) == real).count();
            right as f64 / logits.len() as f64
        };
        let mut scalars = vec![
            ("discriminator_loss", loss_d),
            ("generator_loss", loss_g),
            ("real_accuracy", share(&on_real, true)),
            ("fake_accuracy", share(&on_fake, false)),
        ];
        if real.shape()[0] > 1 {
            scalars.push(("diversity", diversity));
        }
        (Event { step: self.step, scalars }, inspection)
    }

    /// All of the run's state, and the hash of its training data.
    pub fn checkpoint(&self, data: &str) -> Checkpoint {
        let counters = Counters { step: self.step, batches: self.batches.position(), noise: self.noise.position() };
        let meta =
            Meta { config: self.game.config.clone(), settings: self.settings.clone(), counters, data: data.to_owned() };
        let mut checkpoint = Checkpoint::new("gan", &meta);
        checkpoint.put("average", &self.average.params);
        checkpoint.put("generator", &self.game.generator);
        checkpoint.put("discriminator", &self.game.discriminator);
        checkpoint.put("adam_generator", self.game.adams[0].state());
        checkpoint.put("adam_discriminator", self.game.adams[1].state());
        checkpoint
    }

    /// Goes on where a checkpoint was made: the steps that follow are, bit for bit, those of the run that made it.
    ///
    /// # Errors
    /// If the checkpoint is not that of a GAN, or not whole.
    pub fn resume(path: &Path, batches: B) -> Result<Self, Error> {
        let checkpoint = Checkpoint::load_kind(path, "gan")?;
        let Meta { config, settings, .. } = meta(&checkpoint, path)?;
        let mut run = Self::new(config, settings, batches)?;
        run.restore(&checkpoint, path)?;
        Ok(run)
    }
}

impl<B: Batches> Training for Run<B> {
    fn steps(&self) -> Steps {
        Steps { done: self.step, total: self.settings.steps }
    }

    fn step(&mut self, look: bool) -> (Event, Option<Inspection>) {
        self.advance(look)
    }

    fn checkpoint(&self, data: &str) -> Checkpoint {
        Self::checkpoint(self, data)
    }

    fn restore(&mut self, checkpoint: &Checkpoint, path: &Path) -> Result<(), Error> {
        checkpoint.is_kind(path, "gan")?;
        let Meta { config, settings, counters, .. } = meta(checkpoint, path)?;
        self.game = Game::new(config, settings.seed);
        let Game { generator, discriminator, adams, .. } = &mut self.game;
        self.average = Ema::new(generator, settings.ema);
        self.average.params = checkpoint.part_like(path, "average", generator)?;
        for (part, adam, params) in [("generator", 0, generator), ("discriminator", 1, discriminator)] {
            let moments = Adam::moments(params, counters.step);
            let state = checkpoint.part_like(path, &format!("adam_{part}"), &moments)?;
            adams[adam].restore(counters.step, state);
            *params = checkpoint.part_like(path, part, params)?;
        }
        self.noise.seek(counters.noise);
        self.batches.seek(counters.batches);
        (self.settings, self.step) = (settings, counters.step);
        Ok(())
    }

    fn soften(&mut self, factor: f64) {
        self.settings.lr *= factor;
    }

    fn weights(&self) -> Vec<(&'static str, &Params)> {
        vec![("generator", &self.game.generator), ("discriminator", &self.game.discriminator)]
    }
}

/// The averaged generator of a checkpoint, for [`generate`], and what the checkpoint says besides.
///
/// # Errors
/// If the checkpoint is not that of a GAN, or not whole.
pub fn load(path: &Path) -> Result<(Params, Meta), Error> {
    let checkpoint = Checkpoint::load_kind(path, "gan")?;
    let meta = meta(&checkpoint, path)?;
    let z = Var::constant(Tensor::zeros([1, meta.config.noise]));
    let wanted = Params::create(0, |s| {
        generator(&s.at("generator"), &meta.config, &z);
    });
    Ok((checkpoint.part_like(path, "average", &wanted)?, meta))
}

fn meta(checkpoint: &Checkpoint, path: &Path) -> Result<Meta, Error> {
    let meta: Meta = checkpoint.meta(path)?;
    meta.config.check().and_then(|()| meta.settings.check()).map_err(|e| e.within(path))?;
    Ok(meta)
}

/// Pictures in [0, 1] of at most `size` by `size` pixels to [-1, 1] with black around them.
fn prepare(images: &Tensor, size: usize) -> Var {
    let sides = [2, 3].map(|axis| {
        let missing = size.saturating_sub(images.shape()[axis]);
        [missing / 2, missing - missing / 2]
    });
    pad2d(&Var::constant(images.clone()), Padding::Zero, sides) * 2.0 - 1.0
}

/// Pictures made from the noise of a seed: picture `i` is the same however many are asked for.
///
/// # Shapes
/// `[n, C, size, size]`, values in [0, 1]
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
        return Tensor::zeros([0, config.channels, config.size, config.size]);
    }
    Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0)
}
