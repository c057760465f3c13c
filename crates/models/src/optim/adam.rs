//! Adam, and with weight decay `AdamW`.

use impasto_tensor::{Tensor, update};

use super::Optimiser;
use crate::params::{Gradients, Kind, Params};

/// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = w - lr (m^ / (sqrt(v^) + eps) + decay w), with m^ and v^ corrected for
/// their beginning at zero. The decay acts on weights of two axes and more.
///
/// # Source
/// Kingma and Ba, "Adam", 2015; Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
#[derive(Clone, Debug)]
pub struct Adam {
    /// What stays of the mean and of the mean square of gradients.
    pub betas: [f64; 2],
    /// Keeps the division finite.
    pub eps: f64,
    /// The pull of weights to zero.
    pub weight_decay: f64,
    steps: u64,
    /// `m.<path>` and `v.<path>`.
    moments: Params,
}

impl Default for Adam {
    fn default() -> Self {
        Self::new([0.9, 0.999], 0.0)
    }
}

impl Adam {
    /// With an `eps` of 1e-8, at the beginning.
    pub fn new(betas: [f64; 2], weight_decay: f64) -> Self {
        Self { betas, eps: 1e-8, weight_decay, steps: 0, moments: Params::default() }
    }

    /// What the [state](Optimiser::state) has after some steps on these weights, all zero.
    pub(crate) fn moments(params: &Params, steps: u64) -> Params {
        let mut moments = Params::default();
        for (path, tensor, _) in params.iter().filter(|e| steps > 0 && e.2 == Kind::Weight) {
            for moment in ["m", "v"] {
                moments.insert(format!("{moment}.{path}"), Tensor::zeros(tensor.shape()), Kind::Buffer);
            }
        }
        moments
    }

    /// Takes a moment out of the state, for writing.
    fn moment(&mut self, name: &str, like: &Tensor) -> Tensor {
        match self.moments.get_mut(name) {
            Some(moment) => std::mem::replace(moment, Tensor::scalar(0.0)),
            None => Tensor::zeros(like.shape()),
        }
    }
}

impl Optimiser for Adam {
    fn step(&mut self, params: &mut Params, gradients: &Gradients, lr: f64) {
        self.steps += 1;
        let [b1, b2] = self.betas;
        let correction = |b: f64| 1.0 - b.powf(self.steps as f64);
        // lr m^ / (sqrt(v^) + eps) with both corrections moved into the constants.
        let root = correction(b2).sqrt();
        let step =
            update::Adam { betas: self.betas, rate: lr * root / correction(b1), eps: self.eps * root, keep: 1.0 };
        for (path, gradient) in gradients {
            let Some(weight) = params.get_mut(path) else { continue };
            let keep = if weight.rank() > 1 { 1.0 - lr * self.weight_decay } else { 1.0 };
            let names = [format!("m.{path}"), format!("v.{path}")];
            let [mut m, mut v] = [0, 1].map(|i| self.moment(&names[i], gradient));
            update::Adam { keep, ..step }.step(weight, gradient, &mut m, &mut v);
            for (name, moment) in names.into_iter().zip([m, v]) {
                self.moments.insert(name, moment, Kind::Buffer);
            }
        }
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn state(&self) -> &Params {
        &self.moments
    }

    fn restore(&mut self, steps: u64, state: Params) {
        (self.steps, self.moments) = (steps, state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_the_learning_rate_whatever_the_gradient() {
        let mut params = Params::default();
        params.insert("w", Tensor::new([2], vec![1.0, -1.0]), Kind::Weight);
        let gradients = Gradients::from([("w".to_owned(), Tensor::new([2], vec![1e-3, -40.0]))]);
        Adam::default().step(&mut params, &gradients, 0.1);
        let w = params.get("w").unwrap();
        assert!((w.data()[0] - 0.9).abs() < 1e-5 && (w.data()[1] + 0.9).abs() < 1e-5, "{w:?}");
    }
}
