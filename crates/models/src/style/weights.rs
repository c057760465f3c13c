//! VGG-16, VGG-19 and SqueezeNet 1.1 from safetensors files with torchvision's names.

use std::collections::BTreeMap;
use std::path::Path;

use impasto_autograd::fns::Padding;
use impasto_tensor::conv::Window;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Element, Tensor};

use super::judge::from_classifier;
use super::perceptual::{Input, Layer, Perceptual};
use crate::checkpoint::{Checkpoint, ENTRY, read_tensors};
use crate::classifier;
use crate::error::Error;

/// Convolutions of each of the five blocks.
const VGG16: [usize; 5] = [2, 2, 3, 3, 3];
const VGG19: [usize; 5] = [2, 2, 4, 4, 4];

/// Reads a perceptual net: a VGG-16, a VGG-19 (their convolutions suffice), a SqueezeNet 1.1, or a classifier that impasto
/// trained. What the file's metadata says of `input` decides between Caffe's and torchvision's normalisation.
///
/// # Errors
/// If the file cannot be read or holds none of these.
pub fn load<T: Element>(path: &Path) -> Result<Perceptual<T>, Error> {
    let (tensors, metadata) = read_tensors(path)?;
    if metadata.contains_key(ENTRY) {
        let checkpoint = Checkpoint::load_kind(path, "classifier")?;
        let (params, meta) = classifier::open(&checkpoint, path)?;
        if ![1, 3].contains(&meta.config.channels) {
            let detail = format!("takes pictures of {} channels; a perceptual net takes 1 or 3", meta.config.channels);
            return Err(Error::format(path, detail));
        }
        return from_classifier(&params, &meta.config).map_err(|e| e.within(path));
    }
    let from_caffe = metadata.get("input").is_some_and(|input| input.contains("BGR"));
    let input = |mean| if from_caffe { Input::Bgr(mean) } else { Input::IMAGENET };
    let mut file = Weights { path, tensors };
    if file.has("features.3.squeeze.weight") {
        return squeezenet(&mut file, input([104.0, 116.7, 122.7]));
    }
    if file.has("features.0.weight") && file.has("features.2.weight") {
        let net = vgg_layers(&mut file, input([103.939, 116.779, 123.68]))?;
        let style = names(&["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]);
        return net.with_layers(&style, "relu4_2").map_err(|e| match e {
            Error::Setting { detail, .. } => Error::format(path, format!("{detail}; copy or download a whole file")),
            other => other,
        });
    }
    let detail = "holds no net that is known: VGG-16, VGG-19 or SqueezeNet 1.1 by torchvision's names \
                  (features.0.weight, ..), or a classifier of impasto's";
    Err(Error::format(path, detail))
}

/// The tensors of a file, taken out one by one.
struct Weights<'a, T: Element> {
    path: &'a Path,
    tensors: BTreeMap<String, Tensor<T>>,
}

impl<T: Element> Weights<'_, T> {
    fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    fn take(&mut self, name: &str, rank: usize) -> Result<Tensor<T>, Error> {
        let missing = || Error::format(self.path, format!("`{name}` is missing; copy or download a whole file"));
        let tensor = self.tensors.remove(name).ok_or_else(missing)?;
        if tensor.rank() == rank {
            return Ok(tensor);
        }
        Err(Error::format(self.path, format!("{name}: expected {rank} axes, got {:?}", tensor.shape())))
    }

    fn conv(&mut self, name: &str, inputs: usize, window: Window) -> Result<Layer<T>, Error> {
        let weight = self.take(&format!("{name}.weight"), 4)?;
        let bias = self.take(&format!("{name}.bias"), 1)?;
        if weight.shape()[1] != inputs || bias.len() != weight.shape()[0] {
            let (w, b) = (weight.shape(), bias.shape());
            let detail = format!("{name}: expected weight [O, {inputs}, K, K] and bias [O], got {w:?} and {b:?}");
            return Err(Error::format(self.path, detail));
        }
        Ok(Layer::Conv { weight, bias, window, edge: Padding::Zero })
    }
}

fn outputs<T: Element>(layer: &Layer<T>) -> usize {
    match layer {
        Layer::Conv { bias, .. } => bias.len(),
        _ => unreachable!("only asked of convolutions"),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&n| n.to_owned()).collect()
}

/// A VGG-16 or VGG-19 of the given convolutions, by torchvision's names; it may end early. Style and content are read from
/// the layers named: `relu1_1`, ..
///
/// # Errors
/// If a convolution or a layer is missing.
pub fn vgg<T: Element>(
    tensors: BTreeMap<String, Tensor<T>>,
    input: Input,
    style: &[&str],
    content: &str,
) -> Result<Perceptual<T>, Error> {
    vgg_layers(&mut Weights { path: Path::new("VGG"), tensors }, input)?.with_layers(&names(style), content)
}

/// Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015. A file may end early:
/// the layers it has are used.
fn vgg_layers<T: Element>(file: &mut Weights<T>, input: Input) -> Result<Perceptual<T>, Error> {
    // The fourth convolution of block three is number 16 in a VGG-19; there a VGG-16 pools.
    let blocks = if file.has("features.16.weight") { VGG19 } else { VGG16 };
    let mut layers = Vec::new();
    let (mut index, mut channels) = (0, 3);
    'blocks: for (block, &convolutions) in blocks.iter().enumerate() {
        for i in 1..=convolutions {
            let name = format!("features.{index}");
            if !file.has(&format!("{name}.weight")) {
                break 'blocks;
            }
            let conv = file.conv(&name, channels, Window::new(1, 1))?;
            channels = outputs(&conv);
            layers.push((format!("conv{}_{i}", block + 1), conv));
            layers.push((format!("relu{}_{i}", block + 1), Layer::Relu));
            index += 2;
        }
        layers.push((
            format!("pool{}", block + 1),
            Layer::MaxPool(MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false }),
        ));
        index += 1;
    }
    let depth = if blocks == VGG19 { "VGG-19" } else { "VGG-16" };
    Ok(Perceptual { name: depth.into(), input, layers, style: Vec::new(), content: String::new() })
}

/// Iandola et al., "SqueezeNet", 2016, version 1.1.
fn squeezenet<T: Element>(file: &mut Weights<T>, input: Input) -> Result<Perceptual<T>, Error> {
    let pool = || Layer::MaxPool(MaxPool { kernel: 3, stride: 2, padding: 0, ceil: true });
    let mut layers = vec![
        (String::new(), file.conv("features.0", 3, Window::new(2, 0))?),
        ("conv1".to_owned(), Layer::Relu),
        ("pool1".to_owned(), pool()),
    ];
    let mut channels = 64;
    for (fire, index) in (2..).zip([3, 4, 6, 7, 9, 10, 11, 12]) {
        let squeeze = file.conv(&format!("features.{index}.squeeze"), channels, Window::default())?;
        let narrow = outputs(&squeeze);
        let one = file.conv(&format!("features.{index}.expand1x1"), narrow, Window::default())?;
        let three = file.conv(&format!("features.{index}.expand3x3"), narrow, Window::new(1, 1))?;
        channels = outputs(&one) + outputs(&three);
        layers.push((String::new(), squeeze));
        layers.push((format!("fire{fire}.squeeze"), Layer::Relu));
        layers.push((format!("fire{fire}"), Layer::Join(vec![vec![one, Layer::Relu], vec![three, Layer::Relu]])));
        if fire == 3 || fire == 5 {
            layers.push((format!("pool{fire}"), pool()));
        }
    }
    let name = "SqueezeNet 1.1".to_owned();
    let net = Perceptual { name, input, layers, style: Vec::new(), content: String::new() };
    net.with_layers(&names(&["conv1", "fire2", "fire3", "fire5", "fire7"]), "fire4")
}
