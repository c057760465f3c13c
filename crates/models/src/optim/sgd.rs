//! Gradient descent with momentum.

use impasto_tensor::{Tensor, update};

use super::Optimiser;
use crate::params::{Gradients, Kind, Params};

/// v = momentum v + g, w = w - lr v, with decay added to g for weights of two axes and more.
///
/// # Source
/// Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in the form of the
/// frameworks.
#[derive(Clone, Debug)]
pub struct Sgd {
    /// What stays of the velocity.
    pub momentum: f64,
    /// The pull of weights to zero.
    pub weight_decay: f64,
    steps: u64,
    velocity: Params,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { momentum: 0.9, weight_decay: 0.0, steps: 0, velocity: Params::default() }
    }
}

impl Optimiser for Sgd {
    fn step(&mut self, params: &mut Params, gradients: &Gradients, lr: f64) {
        self.steps += 1;
        for (path, gradient) in gradients {
            let Some(weight) = params.get_mut(path) else { continue };
            let decay = if weight.rank() > 1 { self.weight_decay } else { 0.0 };
            if self.velocity.get(path).is_none() {
                self.velocity.insert(path.clone(), Tensor::zeros(weight.shape()), Kind::Buffer);
            }
            let velocity = self.velocity.get_mut(path).expect("inserted above");
            update::Momentum { momentum: self.momentum, rate: lr, decay }.step(weight, gradient, velocity);
        }
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn state(&self) -> &Params {
        &self.velocity
    }

    fn restore(&mut self, steps: u64, state: Params) {
        (self.steps, self.velocity) = (steps, state);
    }
}
