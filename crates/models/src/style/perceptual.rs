//! A perceptual net: layers with names, some of which style and content are read from.

use impasto_autograd::fns::{Padding, avg_pool2d, max_pool2d, pad2d, relu};
use impasto_autograd::ops::{concat, conv2d_act, narrow, resample, reshape};
use impasto_autograd::{Var, ops};
use impasto_tensor::conv::Window;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Element, Taps, Tensor};

use crate::error::Error;

/// One layer of a perceptual net. Its weights are constants.
#[derive(Clone, Debug)]
pub enum Layer<T: Element = f32> {
    /// Convolution with bias.
    Conv {
        /// `[O, C, K, K]`
        weight: Tensor<T>,
        /// `[O]`
        bias: Tensor<T>,
        /// Stride and padding.
        window: Window,
        /// What stands in the padding.
        edge: Padding,
    },
    /// Scale and shift of each channel, `[C]` and `[C]`: a batch norm with fixed statistics.
    Scale(Tensor<T>, Tensor<T>),
    /// max(x, 0)
    Relu,
    /// Max pooling.
    MaxPool(MaxPool),
    /// Average pooling: kernel and stride.
    AvgPool(usize, usize),
    /// Half the size, by means under a triangle: no grid stays behind.
    Half,
    /// Several chains on the same input, their results joined by channels.
    Join(Vec<Vec<Self>>),
    /// A chain whose result is the layer's feature; the net goes on with the layer's input.
    Aside(Vec<Self>),
}

impl<T: Element> Layer<T> {
    /// A convolution and the leaky rectifier of a slope behind it.
    fn convolve(&self, x: &Var<T>, slope: f64) -> Var<T> {
        let Self::Conv { weight, bias, window, edge } = self else { unreachable!("asked of convolutions only") };
        let (weight, bias) = (Var::constant(weight.clone()), Var::constant(bias.clone()));
        match edge {
            Padding::Zero => conv2d_act(x, &weight, Some(&bias), *window, slope),
            edge => {
                let inside = Window { padding: [[0; 2]; 2], ..*window };
                conv2d_act(&pad2d(x, *edge, window.padding), &weight, Some(&bias), inside, slope)
            }
        }
    }

    /// The layer's feature, and what the next layer sees.
    fn run(&self, x: &Var<T>) -> (Var<T>, Var<T>) {
        let y = match self {
            Self::Conv { .. } => self.convolve(x, 1.0),
            Self::Scale(a, b) => {
                let planes = |t: &Tensor<T>| Var::constant(t.reshape([t.len(), 1, 1]));
                x * planes(a) + planes(b)
            }
            Self::Relu => relu(x),
            Self::MaxPool(pool) => max_pool2d(x, *pool),
            Self::AvgPool(kernel, stride) => avg_pool2d(x, *kernel, *stride),
            Self::Half => [2, 3].into_iter().fold(x.clone(), |x, axis| {
                let len = x.shape()[axis];
                resample(&x, axis, &Taps::resize(len, (len / 2).max(1)))
            }),
            Self::Join(chains) => {
                let parts: Vec<Var<T>> = chains.iter().map(|c| chain(c, x)).collect();
                concat(&parts.iter().collect::<Vec<_>>(), 1)
            }
            Self::Aside(layers) => return (chain(layers, x), x.clone()),
        };
        (y.clone(), y)
    }
}

fn chain<T: Element>(layers: &[Layer<T>], x: &Var<T>) -> Var<T> {
    layers.iter().fold(x.clone(), |x, layer| layer.run(&x).1)
}

/// What the net's first layer wants to see of a picture with values in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// 255 x in the order blue, green, red, minus a mean: nets that came from Caffe.
    Bgr([f64; 3]),
    /// x minus a mean, divided by a deviation: torchvision's nets.
    Rgb([f64; 3], [f64; 3]),
    /// 4 x - 2, as impasto's classifier takes it; with `true`, each colour as a picture of its own.
    Classifier(bool),
    /// 2 x - 1
    Centered,
    /// x
    Unit,
}

impl Input {
    /// torchvision's mean and deviation.
    pub const IMAGENET: Self = Self::Rgb([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    fn prepare<T: Element>(self, x: &Var<T>) -> Var<T> {
        let colours = |values: [f64; 3]| Var::constant(Tensor::new([3, 1, 1], values.map(T::splat).into()));
        match self {
            Self::Bgr(mean) => {
                let [r, g, b] = [0, 1, 2].map(|c| narrow(x, 1, c, 1));
                concat(&[&b, &g, &r], 1) * 255.0 - colours(mean)
            }
            Self::Rgb(mean, deviation) => (x - colours(mean)) * colours(deviation.map(|d| 1.0 / d)),
            Self::Classifier(false) => x * 4.0 - 2.0,
            Self::Classifier(true) => {
                let &[_, c, h, w] = &x.shape()[..] else { panic!("expected [1, 3, H, W], got {:?}", x.shape()) };
                reshape(&(x * 4.0 - 2.0), [c, 1, h, w])
            }
            Self::Centered => x * 2.0 - 1.0,
            Self::Unit => x.clone(),
        }
    }
}

/// A net, and from which of its layers style and content are read.
#[derive(Clone, Debug)]
pub struct Perceptual<T: Element = f32> {
    /// Its name in reports.
    pub name: String,
    /// What it wants to see.
    pub input: Input,
    /// Its layers; a layer without a name is never asked for.
    pub layers: Vec<(String, Layer<T>)>,
    /// The layers whose Gram matrices are the style.
    pub style: Vec<String>,
    /// The layer whose features are the content.
    pub content: String,
}

impl<T: Element> Perceptual<T> {
    /// Reads style and content from other layers.
    ///
    /// # Errors
    /// If there is no layer of a name.
    pub fn with_layers(mut self, style: &[String], content: &str) -> Result<Self, Error> {
        for name in style.iter().map(String::as_str).chain([content]) {
            if name.is_empty() || !self.layers.iter().any(|(n, _)| n == name) {
                let known: Vec<&str> = self.layers.iter().map(|(n, _)| n.as_str()).filter(|n| !n.is_empty()).collect();
                let detail = format!("{} has no layer `{name}`; it has {}", self.name, known.join(", "));
                return Err(Error::setting("layer", detail));
            }
        }
        (self.style, self.content) = (style.to_vec(), content.to_owned());
        Ok(self)
    }

    /// The features of the style layers, in order, and of the content layer. Layers behind the last of them do not run.
    ///
    /// # Shapes
    /// `x` `[1, 3, H, W]`, values in [0, 1] `->` `[1, C, H', W']` each
    ///
    /// # Panics
    /// If a layer's input has become smaller than its window.
    #[track_caller]
    pub fn features(&self, x: &Var<T>) -> (Vec<Var<T>>, Var<T>) {
        let wanted = |name: &String| self.style.contains(name) || *name == self.content;
        let last = self.layers.iter().rposition(|(name, _)| wanted(name)).unwrap_or(0);
        let mut x = self.input.prepare(x);
        let mut found = std::collections::BTreeMap::new();
        let mut layers = &self.layers[..=last];
        while let [(name, layer), rest @ ..] = layers {
            let (name, (feature, next), rest) = match (layer, rest) {
                // A convolution and its rectifier are one kernel, unless the sum between them is wanted.
                (Layer::Conv { .. }, [(relu, Layer::Relu), rest @ ..]) if !wanted(name) => {
                    let y = layer.convolve(&x, 0.0);
                    (relu, (y.clone(), y), rest)
                }
                _ => (name, layer.run(&x), rest),
            };
            if wanted(name) {
                found.insert(name, self.one_picture(feature));
            }
            (x, layers) = (next, rest);
        }
        (self.style.iter().map(|name| found[name].clone()).collect(), found[&self.content].clone())
    }

    /// Colours that went through the net as pictures of their own become channels of one.
    fn one_picture(&self, feature: Var<T>) -> Var<T> {
        match (self.input, &feature.shape()[..]) {
            (Input::Classifier(true), &[n, c, h, w]) => ops::reshape(&feature, [1, n * c, h, w]),
            _ => feature,
        }
    }
}
