//! A perceptual net without training: random filters at several scales.

use impasto_autograd::fns::Padding;
use impasto_tensor::conv::Window;
use impasto_tensor::{Random, Tensor, random};

use super::perceptual::{Input, Layer, Perceptual};

/// Scales, each half the size of the one before.
const LEVELS: usize = 5;
/// Side of a filter, in pixels of its scale.
const SIDE: usize = 9;
/// Filters of each scale.
const FILTERS: usize = 48;

/// At each scale, random filters under a soft window and a rectifier. Most have mean zero and see strokes and edges; a third
/// keep their mean and see colours.
///
/// # Source
/// Ustyuzhaninov, Brendel, Gatys and Bethge, "Texture synthesis using shallow convolutional networks with random filters",
/// 2016: one layer with random filters at several scales is enough for textures, while deep random nets are not. The window
/// and the colour filters are ours.
pub fn random_filters(seed: u64) -> Perceptual {
    let mut random = Random::new(seed, random::stream("random filters"));
    let mut layers = Vec::new();
    for level in 1..=LEVELS {
        let weight = filters(&mut random);
        let bias = Tensor::zeros([FILTERS]);
        let window = Window::new(1, SIDE / 2);
        let conv = Layer::Conv { weight, bias, window, edge: Padding::Reflect };
        layers.push((format!("scale{level}"), Layer::Aside(vec![conv, Layer::Relu])));
        layers.push((format!("half{level}"), Layer::AvgPool(2, 2)));
    }
    let style = (1..=LEVELS).map(|level| format!("scale{level}")).collect();
    Perceptual { name: "random filters".into(), input: Input::Centered, layers, style, content: "scale3".into() }
}

/// `[FILTERS, 3, SIDE, SIDE]`, each of length one.
fn filters(random: &mut Random) -> Tensor {
    let mut weight: Tensor = random.normal([FILTERS, 3, SIDE, SIDE], 0.0, 1.0);
    let window: Vec<f32> = (0..SIDE * SIDE)
        .map(|i| {
            let hann = |i: usize| (std::f32::consts::PI * (i as f32 + 0.5) / SIDE as f32).sin().powi(2);
            hann(i / SIDE) * hann(i % SIDE)
        })
        .collect();
    for (i, filter) in weight.data_mut().chunks_mut(3 * SIDE * SIDE).enumerate() {
        for plane in filter.chunks_mut(SIDE * SIDE) {
            if i % 3 == 0 {
                // A colour filter: one random number for each colour, spread by the window.
                plane.fill(plane[0]);
            }
            for (w, h) in plane.iter_mut().zip(&window) {
                *w *= h;
            }
            if i % 3 != 0 {
                let mean = plane.iter().sum::<f32>() / window.iter().sum::<f32>();
                for (w, h) in plane.iter_mut().zip(&window) {
                    *w -= mean * h;
                }
            }
        }
        let length = filter.iter().map(|w| w * w).sum::<f32>().sqrt();
        filter.iter_mut().for_each(|w| *w /= length);
    }
    weight
}
