//! A classifier that impasto trained, or a feature extractor, as a perceptual net.

use impasto_autograd::fns::Padding;
use impasto_tensor::conv::Window;
use impasto_tensor::{Element, Tensor};

use super::perceptual::{Input, Layer, Perceptual};
use crate::classifier::{Config, Net, vgg};
use crate::error::Error;
use crate::metrics::Extractor;
use crate::params::Params;

/// The convolutions of a plain classifier, with its batch norms' running statistics, or of a VGG. A classifier of grey pictures
/// sees each colour as a picture of its own. Pooling is by averages, which draw smoother pictures than maxima.
///
/// Layers are named `relu1`, `relu2`, `relu3`; of a VGG `conv1_1`, `relu1_1`, .. `pool1`, `conv2_1`, .. Style is read from the
/// first rectifier of each stage, content from the last one of the second.
///
/// # Errors
/// If the classifier is of another pattern.
///
/// # Panics
/// If the weights are not those of the configuration.
#[track_caller]
pub fn from_classifier<T: Element>(params: &Params, config: &Config) -> Result<Perceptual<T>, Error> {
    let (layers, style, content) = match config.net {
        Net::Plain => {
            let style = ["relu1", "relu2", "relu3"].map(str::to_owned);
            (plain_layers(params), style, "relu2".to_owned())
        }
        Net::Vgg => {
            let style = [1, 2, 3].map(|stage| format!("relu{stage}_1"));
            (vgg_layers(params, config.depth), style, format!("relu2_{}", config.depth))
        }
        other => {
            let detail =
                format!("a perceptual net is made of a `plain` or a `vgg` classifier, this is a `{}`", other.name());
            return Err(Error::setting("net", format!("{detail}; train one of those")));
        }
    };
    let input = Input::Classifier(config.channels == 1);
    Ok(Perceptual { name: "classifier".into(), input, layers, style: style.into(), content })
}

/// The convolutions of a feature extractor, which are those of a plain classifier: see [`from_classifier`].
pub fn from_extractor<T: Element>(extractor: &Extractor) -> Perceptual<T> {
    let input = Input::Classifier(extractor.config().channels == 1);
    let style = ["relu1", "relu2", "relu3"].map(str::to_owned).into();
    let layers = plain_layers(extractor.params());
    Perceptual { name: extractor.name().to_owned(), input, layers, style, content: "relu2".into() }
}

type Layers<T> = Vec<(String, Layer<T>)>;

#[track_caller]
fn get<'p>(params: &'p Params, path: &str) -> &'p Tensor {
    params.get(path).expect("a classifier has this weight")
}

fn plain_layers<T: Element>(params: &Params) -> Layers<T> {
    let mut layers = Vec::new();
    for i in 0..3 {
        let weight = get(params, &format!("conv.{i}.weight"));
        let norm = |entry: &str| get(params, &format!("norm.{i}.{entry}"));
        let scale = norm("running_var").zip(norm("weight"), |v, g| g / (v + 1e-5).sqrt());
        let mean = norm("running_mean").zip(&scale, |m, s| m * s);
        let shift = norm("bias").zip(&mean, |b, m| b - m);
        let bias = Tensor::zeros([weight.shape()[0]]);
        let window = Window::new(1, 1);
        layers.push((String::new(), Layer::Conv { weight: weight.cast(), bias, window, edge: Padding::Replicate }));
        layers.push((String::new(), Layer::Scale(scale.cast(), shift.cast())));
        layers.push((format!("relu{}", i + 1), Layer::Relu));
        layers.push((String::new(), Layer::AvgPool(2, 2)));
    }
    layers
}

fn vgg_layers<T: Element>(params: &Params, depth: usize) -> Layers<T> {
    let mut layers = Vec::new();
    for stage in 1..=vgg::STAGES {
        for i in 1..=depth {
            let path = vgg::path(stage, i);
            let [weight, bias] = ["weight", "bias"].map(|entry| get(params, &format!("{path}.{entry}")).cast());
            let conv = Layer::Conv { weight, bias, window: Window::new(1, 1), edge: Padding::Replicate };
            layers.push((path, conv));
            layers.push((format!("relu{stage}_{i}"), Layer::Relu));
        }
        layers.push((format!("pool{stage}"), Layer::AvgPool(2, 2)));
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_autograd::Var;
    use impasto_autograd::fns::relu;
    use impasto_autograd::ops::conv2d_act;
    use impasto_tensor::Random;

    use crate::classifier::network;

    fn classifier(net: Net, depth: usize, channels: usize) -> (Params, Config) {
        let config = Config { net, depth, ..Config::new(channels, 16, vec!["a".into(), "b".into()], 3) };
        let blank = Var::constant(Tensor::zeros([1, channels, 16, 16]));
        (Params::create(4, |s| drop(network(s, &config, &blank))), config)
    }

    /// Away from the edges, which are another's, the features are what the classifier computes.
    #[test]
    fn the_layers_of_a_vgg_are_found_by_name() {
        let (params, config) = classifier(Net::Vgg, 2, 3);
        let net = from_classifier::<f32>(&params, &config).unwrap();
        assert_eq!(net.content, "relu2_2");
        let net = net.with_layers(&["relu1_2".to_owned(), "pool3".to_owned()], "conv1_1").unwrap();
        let x = Var::constant(Random::new(1, 1).uniform([1, 3, 16, 16], 0.0, 1.0));
        let (style, content) = net.features(&x);
        assert_eq!(style[1].shape()[..], [1, 12, 2, 2]);
        let weight = |path: &str| Var::constant(params.get(path).unwrap().clone());
        let conv = |x: &Var, path: &str| {
            let [w, b] = ["weight", "bias"].map(|entry| weight(&format!("{path}.{entry}")));
            conv2d_act(x, &w, Some(&b), Window::new(1, 1), 1.0)
        };
        let first = conv(&((&x - 0.5) * 4.0), "conv1_1");
        let second = relu(&conv(&relu(&first), "conv1_2"));
        for (got, want) in [(&content, &first), (&style[0], &second)] {
            let inside = |t: &Var| t.value().narrow(2, 3, 10).narrow(3, 3, 10);
            let worst = inside(got).zip(&inside(want), |a, b| (a - b).abs()).max_value();
            assert!(worst < 1e-5, "{worst}");
        }
    }

    #[test]
    fn a_classifier_of_another_pattern_is_refused() {
        for net in [Net::Resnet, Net::Mlp] {
            let (params, config) = classifier(net, 1, 1);
            let message = from_classifier::<f32>(&params, &config).unwrap_err().to_string();
            assert!(
                message.starts_with("net: a perceptual net is made of a `plain` or a `vgg` classifier"),
                "{message}"
            );
        }
        let (params, config) = classifier(Net::Plain, 1, 1);
        assert_eq!(from_classifier::<f32>(&params, &config).unwrap().style, ["relu1", "relu2", "relu3"]);
    }
}
