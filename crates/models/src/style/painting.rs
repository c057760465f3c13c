//! A painting as a loss, in the plain form of the papers: the weights of its terms depend on the net and are the caller's.

use impasto_autograd::Var;
use impasto_autograd::fns::mse;
use impasto_autograd::ops::gram;
use impasto_tensor::{Element, Tensor};

use super::perceptual::Perceptual;

/// What a perceptual net sees of a painting's style.
pub struct Painting<T: Element = f32> {
    net: Perceptual<T>,
    /// The Gram matrices of the style layers.
    style: Vec<Var<T>>,
    weights: [f64; 2],
}

impl<T: Element> Painting<T> {
    /// With the weights of content and style in the loss.
    ///
    /// # Shapes
    /// `painting` `[1, 3, H, W]`, values in [0, 1]
    pub fn new(net: Perceptual<T>, painting: &Tensor<T>, weights: [f64; 2]) -> Self {
        let (style, _) = net.features(&Var::constant(painting.clone()));
        Self { style: style.iter().map(gram).collect(), net, weights }
    }

    /// What the net sees of the content of photographs.
    ///
    /// # Shapes
    /// `[N, 3, H, W] -> [N, C, H', W']`
    pub fn content(&self, photographs: &Var<T>) -> Var<T> {
        self.net.features(photographs).1
    }

    /// `weights[0] * mse(features, content) + weights[1] * sum over style layers of mse(gram, painting's gram)`
    ///
    /// # Shapes
    /// `pictures` `[N, 3, H, W]`, values in [0, 1]
    ///
    /// # Source
    /// Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks", 2016; Johnson, Alahi and
    /// Fei-Fei, "Perceptual losses for real-time style transfer and super-resolution", 2016.
    pub fn loss(&self, pictures: &Var<T>, content: &Var<T>) -> Var<T> {
        let [content_weight, style_weight] = self.weights;
        let (style, own) = self.net.features(pictures);
        let terms = style.iter().zip(&self.style).map(|(f, target)| mse(&gram(f), target) * style_weight);
        terms.fold(mse(&own, content) * content_weight, |sum, term| sum + term)
    }
}
