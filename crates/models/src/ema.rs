//! The average of weights over the last steps: what a generator draws with.

use impasto_tensor::update;

use crate::params::{Kind, Params};

/// An exponential moving average of weights; buffers are copied.
#[derive(Clone, Debug)]
pub struct Ema {
    /// The average.
    pub params: Params,
    decay: f64,
}

impl Ema {
    /// Begins at `params`. After each step, `decay` of the average stays.
    pub fn new(params: &Params, decay: f64) -> Self {
        Self { params: params.clone(), decay }
    }

    /// Follows the weights of step `step` (counted from 1). Early on it follows faster: the decay is at most
    /// `step / (step + 10)`, so that the beginning is forgotten.
    pub fn follow(&mut self, params: &Params, step: u64) {
        let decay = self.decay.min(step as f64 / (step as f64 + 10.0));
        for (path, tensor, kind) in params.iter() {
            match (self.params.get_mut(path), kind) {
                (Some(mean), Kind::Weight) => update::average(mean, tensor, decay),
                _ => self.params.insert(path, tensor.clone(), kind),
            }
        }
    }
}
