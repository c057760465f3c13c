//! A perceptual net without training: random filters at several scales.

use impasto_autograd::fns::Padding;
use impasto_tensor::conv::Window;
use impasto_tensor::{Random, Tensor, random};

use super::perceptual::{Input, Layer, Perceptual};

/// Scales, each half the size of the one before.
const LEVELS: usize = 4;
/// Side of a filter, in pixels of its scale.
const SIDE: usize = 7;
/// Filters that see strokes, and filters that see colours, at each scale.
const STROKES: usize = 64;
const COLOURS: usize = 12;

/// At each scale, random filters and a rectifier: `stroke1`, `stroke2`, .. have mean zero and see edges and strokes,
/// `colour1`, .. see colours. They are layers of their own, so that each is normalised for itself: colours vary so much more
/// than strokes that in one Gram matrix they would be all that counts.
///
/// # Source
/// Ustyuzhaninov, Brendel, Gatys and Bethge, "Texture synthesis using shallow convolutional networks with random filters",
/// 2016: one layer with random filters at several scales is enough for textures, while deep random nets are not. The
/// whitening and the colour filters are ours.
pub fn random_filters(seed: u64) -> Perceptual {
    let mut random = Random::new(seed, random::stream("random filters"));
    let mut layers = Vec::new();
    for level in 1..=LEVELS {
        let strokes = convolution(stroke_filters(&mut random));
        layers.push((format!("stroke{level}"), Layer::Aside(vec![strokes, Layer::Relu])));
        let colours = convolution(colour_filters(&mut random));
        layers.push((format!("colour{level}"), Layer::Aside(vec![colours, Layer::Relu])));
        layers.push((format!("half{level}"), Layer::Half));
    }
    let style = (1..=LEVELS).flat_map(|l| [format!("stroke{l}"), format!("colour{l}")]).collect();
    Perceptual { name: "random filters".into(), input: Input::Centered, layers, style, content: "stroke2".into() }
}

fn convolution(weight: Tensor) -> Layer {
    let (bias, side) = (Tensor::zeros([weight.shape()[0]]), weight.shape()[3]);
    Layer::Conv { weight, bias, window: Window::new(1, side / 2), edge: Padding::Reflect }
}

/// Noise minus its neighbourhood's mean, which weakens the low frequencies that pictures are full of; length one.
fn stroke_filters(random: &mut Random) -> Tensor {
    const OUTER: usize = SIDE + 2;
    let noise: Tensor = random.normal([STROKES, 3, OUTER, OUTER], 0.0, 1.0);
    let mut weight = Tensor::from_fn([STROKES, 3, SIDE, SIDE], |at| {
        let (plane, i, j) = (at / (SIDE * SIDE), at / SIDE % SIDE, at % SIDE);
        let noise = &noise.data()[plane * OUTER * OUTER..];
        let around = (0..9).map(|k| noise[(i + k / 3) * OUTER + j + k % 3]).sum::<f32>();
        noise[(i + 1) * OUTER + j + 1] - around / 9.0
    });
    for plane in weight.data_mut().chunks_mut(SIDE * SIDE) {
        let mean = plane.iter().sum::<f32>() / plane.len() as f32;
        for w in plane {
            *w -= mean;
        }
    }
    normalised(weight)
}

/// A direction of colour, in one pixel.
fn colour_filters(random: &mut Random) -> Tensor {
    normalised(random.normal([COLOURS, 3, 1, 1], 0.0, 1.0))
}

fn normalised(mut filters: Tensor) -> Tensor {
    let size = filters.len() / filters.shape()[0];
    for filter in filters.data_mut().chunks_mut(size) {
        let length = filter.iter().map(|w| w * w).sum::<f32>().sqrt();
        for w in filter {
            *w /= length;
        }
    }
    filters
}
