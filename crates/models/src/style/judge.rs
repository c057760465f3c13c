//! A classifier that impasto trained, as a perceptual net.

use impasto_autograd::fns::Padding;
use impasto_tensor::conv::Window;
use impasto_tensor::{Element, Tensor};

use super::perceptual::{Input, Layer, Perceptual};
use crate::classifier::Config;
use crate::params::Params;

/// The classifier's convolutions with its batch norms' running statistics; a classifier of grey pictures sees each colour as
/// a picture of its own. Pooling is by averages, which draw smoother pictures than maxima.
///
/// # Panics
/// If the weights are not those of the configuration.
#[track_caller]
pub fn from_classifier<T: Element>(params: &Params, config: &Config) -> Perceptual<T> {
    let mut layers = Vec::new();
    let mut style = Vec::new();
    for i in 0..3 {
        let get = |name: &str| {
            let path = format!("{name}.{i}");
            move |entry: &str| params.get(&format!("{path}.{entry}")).expect("a classifier has this weight")
        };
        let (conv, norm) = (get("conv"), get("norm"));
        let weight = conv("weight");
        let scale = norm("running_var").zip(norm("weight"), |v, g| g / (v + 1e-5).sqrt());
        let mean = norm("running_mean").zip(&scale, |m, s| m * s);
        let shift = norm("bias").zip(&mean, |b, m| b - m);
        let bias = Tensor::zeros([weight.shape()[0]]);
        let window = Window::new(1, 1);
        layers.push((String::new(), Layer::Conv { weight: weight.cast(), bias, window, edge: Padding::Replicate }));
        layers.push((String::new(), Layer::Scale(scale.cast(), shift.cast())));
        layers.push((format!("relu{}", i + 1), Layer::Relu));
        layers.push((String::new(), Layer::AvgPool(2, 2)));
        style.push(format!("relu{}", i + 1));
    }
    let input = Input::Classifier(config.channels == 1);
    Perceptual { name: "classifier".into(), input, layers, style, content: "relu2".into() }
}
