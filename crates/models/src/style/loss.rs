//! What style transfer makes small.

use impasto_autograd::Var;
use impasto_autograd::fns::{mse, total_variation};
use impasto_autograd::ops::gram;
use impasto_tensor::{Element, Tensor};

use serde::{Deserialize, Serialize};

use super::perceptual::Perceptual;

/// How much each term counts. The terms are normalised, so the same numbers do for every net and size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Of the style: 20 for a light brush, 60 for a strong one.
    pub style: f64,
    /// Of the roughness.
    pub smooth: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { style: 30.0, smooth: 20.0 }
    }
}

/// The loss of a picture p against a photograph and a painting:
/// `weights.style * mean over layers of S_l(p) / S_l(reference) + C(p) + weights.smooth * TV(p)`, where `S_l` is the mean
/// squared difference of Gram matrices, and `C` the mean squared difference of features, divided by the variance of the
/// photograph's.
///
/// # Source
/// Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks", 2016; the normalisation is ours.
pub struct Loss<'n, T: Element = f32> {
    net: &'n Perceptual<T>,
    weights: Weights,
    /// For each style layer the painting's Gram matrix, and `1 / S_l(reference)`.
    style: Vec<(Var<T>, f64)>,
    /// The photograph's features, and 1 / their variance.
    content: (Var<T>, f64),
}

/// The terms of the loss.
pub struct Terms<T: Element = f32> {
    /// All of it.
    pub total: Var<T>,
    /// The normalised style term, before its weight: 1 at the reference.
    pub style: Var<T>,
    /// The normalised content term.
    pub content: Var<T>,
    /// The total variation, before its weight.
    pub smooth: Var<T>,
}

impl<'n, T: Element> Loss<'n, T> {
    /// The loss for a photograph and a painting. The style term is 1 at `reference`, usually the photograph.
    ///
    /// # Shapes
    /// `[1, 3, H, W]` each, values in [0, 1]; the painting may have another size
    pub fn new(
        net: &'n Perceptual<T>,
        photograph: &Tensor<T>,
        painting: &Tensor<T>,
        reference: &Tensor<T>,
        weights: Weights,
    ) -> Self {
        let features = |picture: &Tensor<T>| net.features(&Var::constant(picture.clone()));
        let (of_painting, _) = features(painting);
        let (of_reference, _) = features(reference);
        let (_, content) = features(photograph);
        let style = of_painting.iter().zip(&of_reference).map(|(painting, reference)| {
            let target = gram(painting);
            let distance = mse(&gram(reference), &target).item().to_f64();
            (target, inverse(distance))
        });
        Self { net, weights, style: style.collect(), content: (content.clone(), inverse(variance(content.value()))) }
    }

    /// The loss at a picture.
    pub fn at(&self, picture: &Var<T>) -> Terms<T> {
        let (features, content) = self.net.features(picture);
        let layers = features.iter().zip(&self.style).map(|(f, (target, scale))| mse(&gram(f), target) * *scale);
        let style = layers.reduce(|a, b| a + b).expect("at least one style layer") / self.style.len() as f64;
        let content = mse(&content, &self.content.0) * self.content.1;
        let smooth = total_variation(picture);
        let total = &style * self.weights.style + &content + &smooth * self.weights.smooth;
        Terms { total, style, content, smooth }
    }
}

/// 1 / x, or 0 where there is nothing to divide by: a painting that equals the photograph asks for no change.
fn inverse(x: f64) -> f64 {
    if x > 0.0 { 1.0 / x } else { 0.0 }
}

/// The biased variance of all elements.
fn variance<T: Element>(x: &Tensor<T>) -> f64 {
    let mean = x.mean();
    x.map(|v| (v - mean) * (v - mean)).mean().to_f64()
}
