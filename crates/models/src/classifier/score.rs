//! How well a classifier does on pictures it has not learned from.

use impasto_autograd::Var;
use impasto_tensor::Tensor;

use super::net::{Config, network};
use crate::params::Params;
use crate::scope::Pass;

/// Pictures in one evaluation pass.
const CHUNK: usize = 250;

/// The probability of each class.
///
/// # Shapes
/// `images` `[N, C, H, W]`, values in [0, 1] `-> [N, classes]`
pub fn probabilities(params: &Params, config: &Config, images: &Tensor) -> Tensor {
    let n = images.shape()[0];
    let parts: Vec<Tensor> = (0..n)
        .step_by(CHUNK)
        .map(|start| {
            let pass = Pass::evaluate(params);
            let images = Var::constant(images.slice(start..(start + CHUNK).min(n)));
            network(&pass.root(), config, &images).value().softmax_rows()
        })
        .collect();
    if parts.is_empty() {
        return Tensor::zeros([0, config.classes.len()]);
    }
    Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0)
}

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The share of pictures whose most probable class is their own.
    pub accuracy: f64,
    /// The mean probability of the most probable class.
    pub confidence: f64,
    /// Pictures of class `row` that were taken for class `column`.
    pub confusion: Vec<Vec<usize>>,
}

/// Scores a classifier on labelled pictures.
///
/// # Shapes
/// `images` `[N, C, H, W]`, values in [0, 1]; `N` labels
pub fn evaluate(params: &Params, config: &Config, images: &Tensor, labels: &[u32]) -> Score {
    let probabilities = probabilities(params, config, images);
    let classes = config.classes.len();
    let mut confusion = vec![vec![0; classes]; classes];
    for (&label, guess) in labels.iter().zip(probabilities.argmax_rows()) {
        confusion[label as usize][guess] += 1;
    }
    let right: usize = (0..classes).map(|i| confusion[i][i]).sum();
    let highest = probabilities.data().chunks(classes).map(|row| row.iter().fold(0.0, |m: f32, &p| m.max(p)));
    let n = labels.len().max(1) as f64;
    Score { accuracy: right as f64 / n, confidence: highest.map(f64::from).sum::<f64>() / n, confusion }
}
