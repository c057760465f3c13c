//! How far the pictures of a generator are from real ones, as an extractor sees them.

use impasto_data::Dataset;
use impasto_models::Params;
use impasto_models::gan::{Config, generate};
use impasto_models::metrics::{Extractor, Subsets, kernel_distance};
use impasto_tensor::{Random, Tensor, random};

use crate::assets;
use crate::failure::Failure;

/// Pictures that are held as numbers at one time.
const CHUNK: usize = 4096;
/// Pictures on each side of a comparison on the way.
const COMPARED: usize = 1000;
/// The noise of those that are made.
const SEED: u64 = 2;

/// Real pictures that samples are compared with in the course of a training.
pub(crate) struct Measure {
    extractor: Extractor,
    real: Tensor,
}

impl Measure {
    /// The embedded extractor's view of some pictures; none where it cannot see them, or they are too few.
    pub(crate) fn of(data: &Dataset, seed: u64) -> Result<Option<Self>, Failure> {
        let extractor = assets::extractor()?;
        let [_, channels, height, width] = data.shape();
        let (seen, size) = (extractor.config().channels, extractor.config().size);
        if [channels, height, width] != [seen, size, size] || data.len() < COMPARED {
            return Ok(None);
        }
        let some = &Random::new(seed, random::stream("measure")).permutation(data.len())[..COMPARED];
        let real = extractor.features(&data.tensor(some));
        Ok(Some(Self { extractor, real }))
    }

    /// The kernel distance of a thousand samples to a thousand real pictures.
    pub(crate) fn distance(&self, generator: &Params, config: &Config) -> Result<f64, Failure> {
        let images = centre(&generate(generator, config, SEED, COMPARED), self.extractor.config().size);
        let whole = Subsets { count: 1, size: COMPARED, seed: SEED };
        Ok(kernel_distance(&self.extractor.features(&images), &self.real, whole)?.value)
    }
}

/// The features of all pictures.
pub(crate) fn features(data: &Dataset, extractor: &Extractor) -> Tensor {
    let all: Vec<usize> = (0..data.len()).collect();
    let parts: Vec<Tensor> = all.chunks(CHUNK).map(|part| extractor.features(&data.tensor(part))).collect();
    Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0)
}

/// What is left without the edge that a GAN's training adds to small pictures.
pub(crate) fn centre(images: &Tensor, size: usize) -> Tensor {
    let [n, c, side] = [0, 1, 2].map(|axis| images.shape()[axis]);
    let edge = (side - size) / 2;
    let planes = images.data().chunks(side * side);
    let pixels = planes.flat_map(|plane| plane.chunks(side).skip(edge).take(size).flat_map(|row| &row[edge..][..size]));
    Tensor::new([n, c, size, size], pixels.copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centre_is_what_was_padded() {
        let images = Tensor::from_fn([2, 1, 5, 5], |i| i as f32);
        let centre = centre(&images, 3);
        assert_eq!(centre.data()[..4], [6.0, 7.0, 8.0, 11.0]);
        assert_eq!(centre.data()[9], 31.0);
    }
}
