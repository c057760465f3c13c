//! Style transfer against PyTorch: the loss, its terms and the gradient of the picture. `fixtures/style.py` says what each
//! number means.
//!
//! The three-layer net always runs. VGG-16 and SqueezeNet run where the environment variable `IMPASTO_WEIGHTS` names a
//! folder with their weights (any safetensors files; their SHA-256 tells them).

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use impasto_autograd::fns::Padding;
use impasto_autograd::{Var, grad};
use impasto_models::style::{Input, Layer, Loss, Perceptual, Terms, Weights, load};
use impasto_tensor::conv::Window;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Element, Tensor};
use safetensors::SafeTensors;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::golden::error;

/// In f64: of each term of the loss, relative to itself, and of the gradient, relative to its largest element.
const EXACT: f64 = 1e-10;
/// In f32: of each term of the loss.
const SINGLE: f64 = 1e-5;
/// In f32: the least cosine between the gradients. Flips of ReLU and max-pooling make bounds on elements meaningless.
const COSINE: f64 = 0.99999;

/// The numbers of one net.
struct Fixture {
    tensors: BTreeMap<String, Tensor<f64>>,
    info: Value,
}

impl Fixture {
    fn open(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/style/{name}.safetensors"));
        let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("a safetensors header");
        let info = metadata.metadata().as_ref().and_then(|entries| entries.get("info")).expect("the entry `info`");
        let tensors = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let tensor = |(name, view): (&str, safetensors::tensor::TensorView)| {
            assert_eq!(view.dtype(), safetensors::Dtype::F64, "{name}");
            let numbers = view.data().as_chunks().0.iter().map(|&eight| f64::from_le_bytes(eight));
            (name.to_owned(), Tensor::new(view.shape(), numbers.collect()))
        };
        Self { tensors: tensors.iter().map(tensor).collect(), info: serde_json::from_str(info).expect("JSON") }
    }

    fn get<T: Element>(&self, name: &str) -> Tensor<T> {
        self.tensors.get(name).unwrap_or_else(|| panic!("no tensor `{name}`")).cast()
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The three-layer net, whose weights are in the file.
    fn three_layers<T: Element>(&self) -> Perceptual<T> {
        let mut layers = Vec::new();
        for i in 1..=3 {
            let (weight, bias) = (self.get(&format!("conv{i}.weight")), self.get(&format!("conv{i}.bias")));
            let conv = Layer::Conv { weight, bias, window: Window::new(1, 1), edge: Padding::Zero };
            layers.push((String::new(), conv));
            layers.push((format!("relu{i}"), Layer::Relu));
            layers.push((String::new(), Layer::MaxPool(MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false })));
        }
        self.with_layers(Perceptual {
            name: "three layers".into(),
            input: Input::Unit,
            layers,
            style: Vec::new(),
            content: String::new(),
        })
    }

    /// The net with the layers that PyTorch read.
    fn with_layers<T: Element>(&self, net: Perceptual<T>) -> Perceptual<T> {
        let style = self.info["style_layers"].as_array().expect("a list").iter();
        let style: Vec<String> = style.map(|name| name.as_str().expect("a name").to_owned()).collect();
        net.with_layers(&style, self.info["content_layer"].as_str().expect("a name")).expect("the net has the layers")
    }

    /// The loss that everything is measured by.
    fn loss<'n, T: Element>(&self, net: &'n Perceptual<T>) -> Loss<'n, T> {
        let number = |key: &str| self.info[key].as_f64().expect("a number");
        let weights = Weights { style: number("style_weight"), smooth: number("tv_weight") };
        Loss::new(net, &self.get("content"), &self.get("style"), &self.get("start"), weights)
    }

    /// The largest error of the four terms at a picture.
    fn terms<T: Element>(&self, got: &Terms<T>, want: &str) -> f64 {
        let got = [&got.total, &got.style, &got.content, &got.smooth].map(|term| term.item().to_f64());
        let want = self.get::<f64>(want);
        got.iter().zip(want.data()).fold(0.0, |worst: f64, (got, want)| {
            let error = (got - want).abs();
            worst.max(if *want == 0.0 { error } else { error / want.abs() })
        })
    }

    /// Compares both precisions and returns a line with the errors.
    fn agrees(&self, exact: &Perceptual<f64>, single: &Perceptual<f32>) -> String {
        let loss = self.loss(exact);
        let mut terms: f64 = 0.0;
        let mut gradient: f64 = 0.0;
        for (picture, want, slope) in [
            ("start", "loss", "gradient"),
            ("content", "loss_at_content", ""),
            ("later", "loss_at_later", "gradient_at_later"),
        ] {
            if self.has(want) {
                let x = Var::param(self.get(picture));
                let got = loss.at(&x);
                terms = terms.max(self.terms(&got, want));
                if self.has(slope) {
                    gradient = gradient.max(error(slope, &grad(&got.total, &[&x])[0], &self.get(slope)));
                }
            }
        }
        let x = Var::param(self.get("start"));
        let got = self.loss(single).at(&x);
        let single_terms = self.terms(&got, "loss");
        let cosine = cosine(&grad(&got.total, &[&x])[0].cast(), &self.get("gradient"));
        let line = format!(
            "f64: loss {terms:.1e}, gradient {gradient:.1e}; f32: loss {single_terms:.1e}, 1 - cosine {:.1e}",
            1.0 - cosine
        );
        assert!(terms < EXACT && gradient < EXACT && single_terms < SINGLE && cosine >= COSINE, "{line}");
        line
    }

    /// The file of a folder that the big nets were measured with.
    fn weights(&self) -> Result<PathBuf, String> {
        let want = self.info["weights_sha256"].as_str().expect("a hash");
        let folder = std::env::var_os("IMPASTO_WEIGHTS").ok_or("IMPASTO_WEIGHTS names no folder with the weights")?;
        let folder = Path::new(&folder);
        let unreadable = |e| format!("IMPASTO_WEIGHTS: {}: {e}", folder.display());
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|ending| ending == "safetensors") {
                let digest: [u8; 32] = Sha256::digest(fs::read(&path).map_err(unreadable)?).into();
                if digest.map(|byte| format!("{byte:02x}")).concat() == want {
                    return Ok(path);
                }
            }
        }
        Err(format!("IMPASTO_WEIGHTS: {} has no safetensors file of SHA-256 {want}", folder.display()))
    }
}

fn cosine(a: &Tensor<f64>, b: &Tensor<f64>) -> f64 {
    a.dot(b) / (a.dot(a) * b.dot(b)).sqrt()
}

/// Tells what was measured or skipped, past the test harness, which hides the print macros of tests that pass.
fn say(text: &str) {
    writeln!(std::io::stderr(), "style against PyTorch, {text}").expect("the console takes a line");
}

fn full_net(name: &str) {
    let fixture = Fixture::open(name);
    match fixture.weights() {
        Err(missing) => say(&format!("{name}: SKIPPED: {missing}; see tests/fixtures/README.md")),
        Ok(path) => {
            let exact = fixture.with_layers(load::<f64>(&path).expect("a perceptual net"));
            let single = fixture.with_layers(load::<f32>(&path).expect("a perceptual net"));
            say(&format!("{name}: {}", fixture.agrees(&exact, &single)));
        }
    }
}

#[test]
fn three_layers() {
    let fixture = Fixture::open("three_layers");
    let line = fixture.agrees(&fixture.three_layers(), &fixture.three_layers());
    say(&format!("three layers: {line}"));
}

#[test]
fn vgg16() {
    full_net("vgg16");
}

#[test]
fn squeezenet() {
    full_net("squeezenet");
}

/// The comparison can fail: another weight of the style, another pooling and another edge are seen.
#[test]
fn wrong_nets_and_losses_are_caught() {
    let fixture = Fixture::open("three_layers");
    let wrong = |net: &Perceptual<f64>, weights: Weights| {
        let loss = Loss::new(net, &fixture.get("content"), &fixture.get("style"), &fixture.get("start"), weights);
        let x = Var::param(fixture.get("start"));
        let got = loss.at(&x);
        let terms = fixture.terms(&got, "loss");
        terms.max(error("gradient", &grad(&got.total, &[&x])[0], &fixture.get("gradient")))
    };
    let weights = Weights { style: 30.0, smooth: 20.0 };
    let right = fixture.three_layers();
    assert!(wrong(&right, weights) < EXACT);
    assert!(wrong(&right, Weights { style: 30.001, ..weights }) > 1e-6);
    let changed = |change: fn(&mut Layer<f64>)| {
        let mut net = fixture.three_layers();
        net.layers.iter_mut().for_each(|(_, layer)| change(layer));
        net
    };
    let nets = [
        changed(|layer| {
            if let Layer::MaxPool(_) = layer {
                *layer = Layer::AvgPool(2, 2);
            }
        }),
        changed(|layer| {
            if let Layer::Conv { edge, .. } = layer {
                *edge = Padding::Replicate;
            }
        }),
    ];
    for net in nets {
        assert!(wrong(&net, weights) > 1e-6, "{net:?}");
    }
}
