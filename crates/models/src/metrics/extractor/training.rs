//! Training an extractor: minutes, once for a data set.

use impasto_autograd::Var;
use impasto_autograd::ops::cross_entropy;
use impasto_tensor::{Random, random};
use serde::{Deserialize, Serialize};

use super::net::{Config, head, trunk};
use super::{KIND, Meta};
use crate::augment::{Edge, Moves};
use crate::batches::Batches;
use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::event::Event;
use crate::optim::{Adam, Optimiser, cosine};
use crate::params::Params;
use crate::scope::Pass;

/// What the training is told.
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
        Self { steps: 5000, warm_up: 50, lr: 4e-3, weight_decay: 0.05, shift: 1, seed: 0 }
    }
}

/// A training, which owns all of its state.
pub struct Training<B> {
    config: Config,
    settings: Settings,
    params: Params,
    adam: Adam,
    augment: Random,
    batches: B,
    step: u64,
}

impl<B: Batches> Training<B> {
    /// One at its beginning.
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

    /// One batch forward and backward, one change of the weights.
    pub fn step(&mut self) -> Event {
        let batch = self.batches.next();
        let moves = Moves { flip: true, shift: self.settings.shift, edge: Edge::default() };
        let images = Var::constant(moves.apply(&batch.images, &mut self.augment));
        let pass = Pass::train(&self.params);
        let features = trunk(&pass.root(), &self.config, &images);
        let loss = cross_entropy(&head(&pass.root(), &self.config, &features), &batch.labels);
        let gradients = pass.gradients(&loss);
        let lr = self.settings.lr * cosine(self.step, self.settings.steps, self.settings.warm_up);
        self.params.commit(pass.into_updates());
        self.adam.step(&mut self.params, &gradients, lr);
        self.step += 1;
        Event { step: self.step, scalars: vec![("loss", f64::from(loss.item())), ("learning_rate", lr)] }
    }

    /// The extractor as it is now, with the name that its scores will carry and what says what it was trained on.
    pub fn checkpoint(&self, name: &str, data: &str) -> Checkpoint {
        let (config, settings) = (self.config.clone(), self.settings.clone());
        let mut checkpoint = Checkpoint::new(KIND, &Meta { name: name.into(), config, settings, data: data.into() });
        checkpoint.put("model", &self.params);
        checkpoint
    }
}
