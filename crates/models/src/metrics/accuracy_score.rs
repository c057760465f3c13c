//! The classification accuracy score: what a classifier learns from generated pictures, measured on real ones. The strictest of
//! the metrics, for generators that are told the class.

use impasto_tensor::{Random, Tensor, random};

use crate::batches::{Batch, Batches};
use crate::classifier::{Config, Run, Settings, evaluate};
use crate::error::Error;

/// Pictures in memory with the class of each.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// `[N, C, H, W]`, values in [0, 1].
    pub images: &'a Tensor,
    /// N classes.
    pub labels: &'a [u32],
}

/// The accuracy, on real pictures, of a classifier that has seen generated ones only. The same classifier trained on real
/// pictures says what 1 would be: CAS is usually quoted next to that number.
///
/// # Shapes
/// `[N, C, H, W]` and `[M, C, H, W]`, as `config` says
///
/// # Errors
/// If a setting is out of range, a batch is empty or larger than the generated set, or a label has no class.
///
/// # Panics
/// If there are not as many labels as pictures, or the pictures are of another shape than `config` says.
///
/// # Source
/// Ravuri and Vinyals, "Classification accuracy score for conditional generative models", 2019.
#[track_caller]
pub fn classification_accuracy_score(
    generated: Labelled,
    real: Labelled,
    config: &Config,
    settings: &Settings,
    batch: usize,
) -> Result<f64, Error> {
    for Labelled { images, labels } in [generated, real] {
        let wanted = [config.channels, config.size, config.size];
        assert!(
            images.rank() == 4 && images.shape()[1..] == wanted && images.shape()[0] == labels.len(),
            "classification_accuracy_score: expected [{}, {wanted:?}], got {:?}",
            labels.len(),
            images.shape()
        );
        if let Some(label) = labels.iter().find(|label| **label as usize >= config.classes.len()) {
            return Err(Error::setting("labels", format!("{label} is none of {} classes", config.classes.len())));
        }
    }
    let n = generated.labels.len();
    if batch == 0 || batch > n {
        return Err(Error::setting("batch", format!("expected 1 to {n}, the generated pictures, got {batch}")));
    }
    let batches = Memory { set: generated, size: batch, seed: settings.seed, position: 0, order: Vec::new() };
    let mut run = Run::new(config.clone(), settings.clone(), batches)?;
    for _ in 0..settings.steps {
        run.step();
    }
    Ok(evaluate(run.params(), config, real.images, real.labels).accuracy)
}

/// Batches of pictures in memory: a new permutation each epoch, of which whole batches are taken.
struct Memory<'a> {
    set: Labelled<'a>,
    size: usize,
    seed: u64,
    position: u64,
    /// That of the epoch of `position`.
    order: Vec<usize>,
}

impl Batches for Memory<'_> {
    fn next(&mut self) -> Batch {
        let n = self.set.labels.len();
        let batches = (n / self.size) as u64;
        let (epoch, batch) = (self.position / batches, (self.position % batches) as usize);
        if batch == 0 || self.order.is_empty() {
            let stream = random::stream("classification accuracy score").wrapping_add(epoch);
            self.order = Random::new(self.seed, stream).permutation(n);
        }
        self.position += 1;
        let chosen = &self.order[batch * self.size..][..self.size];
        let pixels = self.set.images.len() / n;
        let images = chosen.iter().flat_map(|&i| &self.set.images.data()[i * pixels..][..pixels]).copied().collect();
        Batch {
            images: Tensor::new(self.set.images.shape().with(0, self.size), images),
            labels: chosen.iter().map(|&i| self.set.labels[i]).collect(),
        }
    }
    fn position(&self) -> u64 {
        self.position
    }
    fn seek(&mut self, position: u64) {
        self.position = position;
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures whose upper or lower half is bright, with noise; `turned` of ten have the label of the other class.
    fn halves(seed: u64, n: usize, turned: usize) -> (Tensor, Vec<u32>) {
        let mut images: Tensor = Random::new(seed, 0).uniform([n, 1, 8, 8], 0.0, 0.5);
        for (i, pixel) in images.data_mut().iter_mut().enumerate() {
            if i / 64 % 2 == i % 64 / 32 {
                *pixel += 0.5;
            }
        }
        (images, (0..n).map(|i| ((i % 2) ^ usize::from(i / 2 % 10 < turned)) as u32).collect())
    }

    #[test]
    fn what_is_learned_from_generated_pictures_is_measured_on_real_ones() {
        let config = Config::new(1, 8, vec!["up".into(), "down".into()], 4);
        let settings = Settings { steps: 40, warm_up: 2, shift: 0, ..Settings::default() };
        let (real_images, real_labels) = halves(1, 60, 0);
        let real = Labelled { images: &real_images, labels: &real_labels };
        // flip_and_shift turns left to right only, so the classes stay what they are.
        let score = |turned: usize| {
            let (images, labels) = halves(2, 50, turned);
            let generated = Labelled { images: &images, labels: &labels };
            classification_accuracy_score(generated, real, &config, &settings, 16).unwrap()
        };
        assert!(score(0) > 0.95, "{}", score(0));
        assert!(score(10) < 0.05, "{}", score(10));
        let wrong = classification_accuracy_score(real, real, &config, &settings, 61).unwrap_err().to_string();
        assert_eq!(wrong, "batch: expected 1 to 60, the generated pictures, got 61");
    }

    #[test]
    fn batches_take_every_picture_once_an_epoch_and_can_be_sought() {
        let (images, labels) = (Tensor::from_fn([6, 1, 1, 1], |i| i as f32), [0; 6]);
        let set = Labelled { images: &images, labels: &labels };
        let mut batches = Memory { set, size: 2, seed: 1, position: 0, order: Vec::new() };
        let mut seen: Vec<f32> = (0..3).flat_map(|_| batches.next().images.data().to_vec()).collect();
        let fourth = batches.next().images;
        seen.sort_by(f32::total_cmp);
        assert_eq!(seen, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let mut again = Memory { set, size: 2, seed: 1, position: 0, order: Vec::new() };
        again.seek(3);
        assert_eq!(again.next().images, fourth);
        assert_eq!(again.position(), 4);
    }
}
