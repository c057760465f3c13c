//! What classifiers, GANs and pictures under optimisation have in common.

use std::path::Path;

use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::event::Event;
use crate::params::Params;
use crate::sentinel::Inspection;

/// How far a training has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Steps done.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
}

impl Steps {
    /// Steps to do.
    pub fn left(self) -> u64 {
        self.total.saturating_sub(self.done)
    }
}

/// Something that is trained step by step and owns all of its state.
pub trait Training {
    /// How far it has come.
    fn steps(&self) -> Steps;
    /// One step; with `look`, or if a loss is not finite, an inspection of the parameters after it and of the gradients that
    /// led there, if it has any.
    fn step(&mut self, look: bool) -> (Event, Option<Inspection>);
    /// All of its state, and the hash of what it learns from.
    fn checkpoint(&self, data: &str) -> Checkpoint;
    /// Goes back or on to the state of a checkpoint, which was read from `path`.
    ///
    /// # Errors
    /// If the checkpoint is not one of such a training, or not whole. The state is then not to be used.
    fn restore(&mut self, checkpoint: &Checkpoint, path: &Path) -> Result<(), Error>;
    /// Multiplies the learning rate of all steps to come.
    fn soften(&mut self, factor: f64);
    /// What is trained, each map of weights with its name.
    fn weights(&self) -> Vec<(&'static str, &Params)>;
}
