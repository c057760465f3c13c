//! Gradient descent with momentum.

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
            let decay = if weight.rank() > 1 { self.weight_decay as f32 } else { 0.0 };
            let pulled = gradient.zip(weight, |g, w| g + decay * w);
            let momentum = self.momentum as f32;
            if let Some(velocity) = self.velocity.get_mut(path) {
                velocity.zip_assign(&pulled, |v, g| momentum * v + g);
            } else {
                self.velocity.insert(path.clone(), pulled, Kind::Buffer);
            }
            let velocity = self.velocity.get(path).expect("inserted above");
            weight.zip_assign(velocity, |w, v| w - lr as f32 * v);
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
