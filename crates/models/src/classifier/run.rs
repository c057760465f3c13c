//! Training.

use std::path::Path;

use impasto_autograd::Var;
use impasto_autograd::ops::cross_entropy;
use impasto_tensor::{Random, random};
use serde::{Deserialize, Serialize};

use super::net::{Config, network};
use crate::augment::flip_and_shift;
use crate::batches::Batches;
use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::event::Event;
use crate::optim::{Adam, Optimiser, cosine};
use crate::params::Params;
use crate::scope::Pass;

/// What a run is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Steps in all; the learning rate falls to 0 over them.
    pub steps: u64,
    /// Steps over which the learning rate rises.
    pub warm_up: u64,
    /// The highest learning rate.
    pub lr: f64,
    /// The pull of weights to zero.
    pub weight_decay: f64,
    /// Pixels by which training pictures are moved at most.
    pub shift: usize,
    /// Where all random numbers come from.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { steps: 1000, warm_up: 20, lr: 4e-3, weight_decay: 0.05, shift: 1, seed: 0 }
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Steps done.
    pub step: u64,
    /// Batches taken.
    pub batches: u64,
    /// Random words drawn for augmentation.
    pub augment: u64,
}

/// What a checkpoint says besides weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The network.
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
    params: Params,
    adam: Adam,
    augment: Random,
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
        let params = config.create(settings.seed);
        let adam = Adam::new(Adam::default().betas, settings.weight_decay);
        let augment = Random::new(settings.seed, random::stream("augment"));
        Ok(Self { config, settings, params, adam, augment, batches, step: 0 })
    }

    /// The weights as they are now.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The network's configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// One batch forward and backward, one change of the weights.
    pub fn step(&mut self) -> Event {
        let batch = self.batches.next();
        let images = Var::constant(flip_and_shift(&batch.images, self.settings.shift, &mut self.augment));
        let pass = Pass::train(&self.params);
        let logits = network(&pass.root(), &self.config, &images);
        let right = logits.value().argmax_rows().iter().zip(&batch.labels).filter(|&(&g, &l)| g == l as usize).count();
        let loss = cross_entropy(&logits, &batch.labels);
        let gradients = pass.gradients(&loss);
        let lr = self.settings.lr * cosine(self.step, self.settings.steps, self.settings.warm_up);
        self.params.commit(pass.into_updates());
        self.adam.step(&mut self.params, &gradients, lr);
        self.step += 1;
        let accuracy = right as f64 / batch.labels.len() as f64;
        Event {
            step: self.step,
            scalars: vec![("loss", f64::from(loss.item())), ("accuracy", accuracy), ("learning_rate", lr)],
        }
    }

    /// All of the run's state, and the hash of its training data.
    pub fn checkpoint(&self, data: &str) -> Checkpoint {
        let counters = Counters { step: self.step, batches: self.batches.position(), augment: self.augment.position() };
        let meta =
            Meta { config: self.config.clone(), settings: self.settings.clone(), counters, data: data.to_owned() };
        let mut checkpoint = Checkpoint::new("classifier", &meta);
        checkpoint.put("model", &self.params);
        checkpoint.put("adam", self.adam.state());
        checkpoint
    }

    /// Goes on where a checkpoint was made: the steps that follow are, bit for bit, those of the run that made it.
    ///
    /// # Errors
    /// If the checkpoint is not that of a classifier, or not whole.
    pub fn resume(path: &Path, batches: B) -> Result<Self, Error> {
        let checkpoint = Checkpoint::load_kind(path, "classifier")?;
        let (params, Meta { config, settings, counters, .. }) = open(&checkpoint, path)?;
        let mut run = Self::new(config, settings, batches)?;
        let moments = Adam::moments(&run.params, counters.step);
        run.adam.restore(counters.step, checkpoint.part_like(path, "adam", &moments)?);
        run.params = params;
        run.augment.seek(counters.augment);
        run.batches.seek(counters.batches);
        run.step = counters.step;
        Ok(run)
    }
}

/// The weights of a trained classifier, and what its checkpoint says besides.
///
/// # Errors
/// If the checkpoint is not that of a classifier, or not whole.
pub fn load(path: &Path) -> Result<(Params, Meta), Error> {
    open(&Checkpoint::load_kind(path, "classifier")?, path)
}

/// [`load`], of a checkpoint that was read.
pub(crate) fn open(checkpoint: &Checkpoint, path: &Path) -> Result<(Params, Meta), Error> {
    let meta: Meta = checkpoint.meta(path)?;
    meta.config.check().map_err(|e| e.within(path))?;
    Ok((checkpoint.part_like(path, "model", &meta.config.create(0))?, meta))
}
