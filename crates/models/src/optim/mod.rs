//! Optimisers. Each walks the weights in the order of their paths; its state is a map of tensors like theirs, so a
//! checkpoint holds it.

mod adam;
mod clip;
mod lbfgs;
mod method;
mod schedule;
mod sgd;

pub use adam::Adam;
pub use clip::{clip_global_norm, global_norm};
pub use lbfgs::Lbfgs;
pub use method::Method;
pub use schedule::{Schedule, cosine};
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
