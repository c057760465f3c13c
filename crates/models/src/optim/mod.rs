//! Optimisers. Each walks the weights in the order of their paths; its state is a map of tensors like theirs, so a
//! checkpoint holds it.

mod adam;
mod lbfgs;
mod schedule;
mod sgd;

pub use adam::Adam;
pub use lbfgs::Lbfgs;
pub use schedule::cosine;
pub use sgd::Sgd;

use crate::params::{Gradients, Params};

/// Changes weights by their gradients.
pub trait Optimiser {
    /// One step with learning rate `lr`. Weights without a gradient stay.
    fn step(&mut self, params: &mut Params, gradients: &Gradients, lr: f64);
    /// Steps done.
    fn steps(&self) -> u64;
    /// Moments and the like, by path.
    fn state(&self) -> &Params;
    /// Goes back to a saved state.
    fn restore(&mut self, steps: u64, state: Params);
}
