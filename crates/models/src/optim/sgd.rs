//! Gradient descent with momentum.

use impasto_tensor::{Tensor, update};

use super::Optimiser;
use crate::params::{Gradients, Kind, Params};

/// v = momentum v + g, w = w - lr v, with decay added to g for weights of two axes and more. Nesterov's form looks a step ahead:
/// w = w - lr (g + momentum v).
///
/// # Source
/// Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in the form of the
/// frameworks.
#[derive(Clone, Debug)]
pub struct Sgd {
    /// What stays of the velocity.
    pub momentum: f64,
    /// Whether to look ahead.
    pub nesterov: bool,
    /// The pull of weights to zero.
    pub weight_decay: f64,
    steps: u64,
    velocity: Params,
}

impl Default for Sgd {
    fn default() -> Self {
        Self::new(0.9, false, 0.0)
    }
}

impl Sgd {
    /// At the beginning.
    pub fn new(momentum: f64, nesterov: bool, weight_decay: f64) -> Self {
        Self { momentum, nesterov, weight_decay, steps: 0, velocity: Params::default() }
    }

    /// What the [state](Optimiser::state) has after some steps on these weights, all zero.
    pub(crate) fn velocities(params: &Params, steps: u64) -> Params {
        let mut velocities = Params::default();
        for (path, tensor, _) in params.iter().filter(|e| steps > 0 && e.2 == Kind::Weight) {
            velocities.insert(path, Tensor::zeros(tensor.shape()), Kind::Buffer);
        }
        velocities
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
            if self.nesterov {
                let (rate, pull) = (lr as f32, decay as f32);
                let pulled = gradient.zip(weight, |g, w| g + pull * w);
                let ahead = update::Momentum { momentum: self.momentum, rate: lr * self.momentum, decay: 0.0 };
                ahead.step(weight, &pulled, velocity);
                weight.zip_assign(&pulled, |w, g| w - rate * g);
            } else {
                update::Momentum { momentum: self.momentum, rate: lr, decay }.step(weight, gradient, velocity);
            }
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
