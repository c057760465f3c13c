//! Networks at work, each begun from made-up weights and pictures or from a peer's.

mod cnn;
mod critic;
mod dcgan;
mod gatys;
mod stylize;
mod vgg;

use impasto_models::{Kind, Params};
use impasto_tensor::Tensor;

pub(super) use cnn::cnn;
pub(super) use critic::critic;
pub(super) use dcgan::dcgan;
pub(super) use gatys::gatys;
pub(super) use stylize::{fast_train, stylize};
pub(super) use vgg::vgg16;

use super::measure::Workload;

/// What a network begins with.
pub(super) struct Start {
    /// Its weights, and those of nets that it is judged by.
    pub(super) weights: Params,
    /// What it is shown.
    pub(super) batch: Params,
}

/// One step of the work: what it returns, losses or a measure of the result, are equal if the work is.
pub(super) type Step = Box<dyn FnMut() -> Vec<f64>>;

/// A network at work.
pub(super) struct Network {
    pub(super) name: String,
    /// From made-up numbers.
    start: Box<dyn FnOnce() -> Start>,
    steps: fn(Start) -> Step,
}

impl Network {
    fn new(name: impl Into<String>, start: impl FnOnce() -> Start + 'static, steps: fn(Start) -> Step) -> Self {
        Self { name: name.into(), start: Box::new(start), steps }
    }

    pub(super) fn workload(self) -> Workload {
        Workload::new(self.name, move || (self.steps)((self.start)()))
    }

    /// Three steps from somebody else's beginning, or what that lacks.
    pub(super) fn three_steps(self, theirs: Start) -> Result<Vec<f64>, String> {
        let ours = (self.start)();
        for (ours, theirs) in [(&ours.weights, &theirs.weights), (&ours.batch, &theirs.batch)] {
            let odd =
                ours.iter().find(|(path, tensor, _)| theirs.get(path).is_none_or(|t| t.shape() != tensor.shape()));
            if let Some((path, tensor, _)) = odd {
                return Err(format!("expected `{path}` of shape {:?}", tensor.shape()));
            }
        }
        let mut step = (self.steps)(theirs);
        Ok((0..3).flat_map(|_| step()).collect())
    }
}

impl Start {
    fn new<const N: usize>(weights: Params, batch: [(&str, Tensor); N]) -> Self {
        let mut shown = Params::default();
        for (name, tensor) in batch {
            shown.insert(name, tensor, Kind::Buffer);
        }
        Self { weights, batch: shown }
    }

    /// An entry of the batch.
    fn shown(&self, name: &str) -> Tensor {
        self.batch.get(name).expect("every start has the entries of its network").clone()
    }
}

/// Entries whose path begins with `prefix`.
fn below(params: &Params, prefix: &str) -> Params {
    let mut found = Params::default();
    for (path, tensor, kind) in params.iter().filter(|(path, ..)| path.starts_with(prefix)) {
        found.insert(path, tensor.clone(), kind);
    }
    found
}
