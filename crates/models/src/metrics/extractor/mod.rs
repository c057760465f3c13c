//! What turns pictures into features: a classifier of the same kind of pictures, which gives the activations in front of its last
//! layer. Numbers of different extractors cannot be compared, so one is known by its name and the hash of its file.

mod net;
mod training;

use std::path::Path;

use impasto_autograd::Var;
use impasto_tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{self, Checkpoint};
use crate::error::Error;
use crate::params::Params;
use crate::scope::Pass;

pub use net::Config;
use net::{head, trunk};
pub use training::{Settings, Training};

/// Pictures in one pass.
const CHUNK: usize = 250;
/// The kind of its checkpoints.
const KIND: &str = "feature extractor";

/// What a checkpoint says besides weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Meta {
    name: String,
    config: Config,
    settings: Settings,
    data: String,
}

/// A trained network that gives features and probabilities of pictures.
#[derive(Clone, Debug)]
pub struct Extractor {
    name: String,
    hash: String,
    params: Params,
    config: Config,
}

impl Extractor {
    /// Reads one that [`Training`] made.
    ///
    /// # Errors
    /// If the file cannot be read, or is not that of an extractor, or not whole.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(path, &checkpoint::read(path)?)
    }

    /// [`load`](Extractor::load) of a file's bytes; errors name it as `path`.
    ///
    /// # Errors
    /// If they are not those of an extractor, or not whole.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let checkpoint = Checkpoint::from_bytes(path, bytes)?;
        checkpoint.is_kind(path, KIND)?;
        let meta: Meta = checkpoint.meta(path)?;
        meta.config.check().map_err(|e| e.within(path))?;
        let params = checkpoint.part_like(path, "model", &meta.config.create(0))?;
        let hash = checkpoint::bytes_hash(bytes)[..8].to_owned();
        Ok(Self { name: meta.name, hash, params, config: meta.config })
    }

    /// What it was trained on, in short.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first eight digits of the SHA-256 of its file.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The pictures that it takes, and the features that it gives.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its weights.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The activations in front of the last layer.
    ///
    /// # Shapes
    /// `images` `[N, C, H, W]`, values in [0, 1] `-> [N, D]`
    ///
    /// # Panics
    /// If the pictures are of another shape than [`config`](Extractor::config) says.
    #[track_caller]
    pub fn features(&self, images: &Tensor) -> Tensor {
        self.look(images).0
    }

    /// The probability of each class.
    ///
    /// # Shapes
    /// `images` `[N, C, H, W]`, values in [0, 1] `-> [N, classes]`
    ///
    /// # Panics
    /// As [`features`](Extractor::features).
    #[track_caller]
    pub fn probabilities(&self, images: &Tensor) -> Tensor {
        self.look(images).1
    }

    /// Features and probabilities at once, for the time of one.
    ///
    /// # Shapes
    /// `images` `[N, C, H, W]`, values in [0, 1] `-> [N, D]` and `[N, classes]`
    ///
    /// # Panics
    /// As [`features`](Extractor::features).
    #[track_caller]
    pub fn look(&self, images: &Tensor) -> (Tensor, Tensor) {
        let Config { channels, size, features, ref classes, .. } = self.config;
        let wanted = [channels, size, size];
        let fits = images.rank() == 4 && images.shape()[1..] == wanted;
        assert!(fits, "extractor: expected [N, {channels}, {size}, {size}], got {:?}", images.shape());
        let n = images.shape()[0];
        let (mut found, mut chances) = (vec![Tensor::zeros([0, features])], vec![Tensor::zeros([0, classes.len()])]);
        for start in (0..n).step_by(CHUNK) {
            let pass = Pass::evaluate(&self.params);
            let images = Var::constant(images.slice(start..n.min(start + CHUNK)));
            let features = trunk(&pass.root(), &self.config, &images);
            chances.push(head(&pass.root(), &self.config, &features).value().softmax_rows());
            found.push(features.into_value());
        }
        let join = |parts: Vec<Tensor>| Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0);
        (join(found), join(chances))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batches::{Batch, Batches};
    use impasto_tensor::Random;

    /// Noise, brighter at the left or at the top.
    struct Sides(u64);
    impl Batches for Sides {
        fn next(&mut self) -> Batch {
            self.0 += 1;
            let mut images: Tensor = Random::new(5, self.0).uniform([16, 1, 8, 8], 0.0, 0.5);
            for (i, pixel) in images.data_mut().iter_mut().enumerate() {
                let (image, row, column) = (i / 64, i % 64 / 8, i % 8);
                if [row, column][image % 2] < 4 {
                    *pixel += 0.5;
                }
            }
            Batch { images, labels: (0..16).map(|i| i % 2).collect() }
        }
        fn position(&self) -> u64 {
            self.0
        }
        fn seek(&mut self, position: u64) {
            self.0 = position;
        }
    }

    fn config() -> Config {
        Config { channels: 1, size: 8, classes: vec!["top".into(), "left".into()], width: 4, features: 6 }
    }

    #[test]
    fn what_was_trained_is_read_from_its_bytes_and_knows_its_classes() {
        let settings = Settings { steps: 60, warm_up: 2, shift: 0, ..Settings::default() };
        let mut training = Training::new(config(), settings, Sides(0)).unwrap();
        for _ in 0..60 {
            training.step();
        }
        let bytes = training.checkpoint("sides", "made up").to_bytes().unwrap();
        let extractor = Extractor::from_bytes(Path::new("sides.safetensors"), &bytes).unwrap();
        assert_eq!((extractor.name(), extractor.config()), ("sides", &config()));
        assert_eq!(extractor.hash(), &checkpoint::bytes_hash(&bytes)[..8]);

        let batch = Sides(1000).next();
        let images = Tensor::concat(&[&batch.images; 20], 0);
        let (features, probabilities) = extractor.look(&images);
        assert_eq!((&features.shape()[..], &probabilities.shape()[..]), (&[320, 6][..], &[320, 2][..]));
        // Passes of other sizes may add in another order.
        let chunked = extractor.features(&batch.images).zip(&features.slice(304..320), |a, b| (a - b).abs());
        assert!(chunked.max_value() < 1e-5, "{}", chunked.max_value());
        let right = probabilities.argmax_rows().iter().enumerate().filter(|(i, guess)| i % 2 == **guess).count();
        assert!(right > 310, "{right}");
        assert_eq!(extractor.features(&images.slice(0..0)).shape()[..], [0, 6]);
    }

    #[test]
    fn a_file_of_another_kind_and_one_that_is_cut_are_named() {
        let path = Path::new("a.safetensors");
        let training = Training::new(config(), Settings::default(), Sides(0)).unwrap();
        let bytes = training.checkpoint("sides", "made up").to_bytes().unwrap();
        let message = |bytes: &[u8]| Extractor::from_bytes(path, bytes).unwrap_err().to_string();
        assert!(message(&bytes[..99]).starts_with("a.safetensors: is not a whole safetensors file"));
        let gan = Checkpoint::new("gan", &serde_json::json!({})).to_bytes().unwrap();
        assert_eq!(message(&gan), "a.safetensors: is a gan, but a feature extractor is needed here");
    }

    #[test]
    #[should_panic(expected = "extractor: expected [N, 1, 8, 8], got [2, 1, 8, 9]")]
    fn pictures_of_another_size_are_refused() {
        let training = Training::new(config(), Settings::default(), Sides(0)).unwrap();
        let bytes = training.checkpoint("sides", "made up").to_bytes().unwrap();
        let _ = Extractor::from_bytes(Path::new("a"), &bytes).unwrap().features(&Tensor::zeros([2, 1, 8, 9]));
    }
}
