//! Whether a generator gives back its training pictures: how near its samples are to them, measured by how near new real
//! pictures are.

use impasto_tensor::Tensor;

use super::neighbours::Points;
use super::{both, rows};
use crate::error::Error;

/// Of new real pictures this share is nearer to a training picture than the threshold.
const QUANTILE: f64 = 0.01;

/// A sample and the training picture that is most like it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The sample's index.
    pub sample: usize,
    /// The training picture's index.
    pub training: usize,
    /// Between their features.
    pub distance: f64,
}

/// What [`memorisation`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Memorisation {
    /// The distance that 1 % of held-out pictures are nearer to their nearest training picture.
    pub threshold: f64,
    /// Of the samples those nearer than the threshold: about 0.01 for a generator that has learned nothing by heart, 1 for copies.
    pub share: f64,
    /// The median of the samples' distances over that of held-out pictures: 1 if samples are as new as new pictures, below if
    /// they are nearer to what was learned.
    pub ratio: f64,
    /// Each sample with its nearest training picture, the nearest first.
    pub pairs: Vec<Pair>,
}

/// Compares each sample's distance to its nearest training picture with what it is for real pictures that were held out.
/// Blurred or poor samples are far from everything: a low share shows that nothing was copied, not that the pictures are good.
///
/// # Shapes
/// `[N, D]`, `[T, D]` and `[M, D]`
///
/// # Errors
/// If a set is empty, fewer than 100 pictures were held out (their 1 % quantile would be the nearest one alone), so many of them are
/// among the training pictures that there is no scale, or a number is not finite.
///
/// # Panics
/// If the sets have other numbers of features.
///
/// # Source
/// The nearest-neighbour test for overfitting, with held-out pictures for its scale as in Meehan, Chaudhuri and Dasgupta, "A
/// non-parametric test to detect data-copying in generative models", 2020. The quantile is ours.
#[track_caller]
pub fn memorisation(samples: &Tensor, training: &Tensor, held_out: &Tensor) -> Result<Memorisation, Error> {
    both("memorisation", [samples, training], 1)?;
    both("memorisation", [held_out, training], 1)?;
    rows("the scale of memorisation (held out)", held_out, 100)?;
    let training = Points::new(training);
    let known = sorted(Points::new(held_out).nearest(&training).into_iter().map(|(_, distance)| distance));
    let nearest = Points::new(samples).nearest(&training).into_iter().enumerate();
    let mut pairs: Vec<Pair> =
        nearest.map(|(sample, (training, distance))| Pair { sample, training, distance }).collect();
    pairs.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    let distances: Vec<f64> = pairs.iter().map(|pair| pair.distance).collect();
    let threshold = quantile(&known, QUANTILE);
    if threshold == 0.0 {
        let detail = "one in a hundred of the held-out pictures, or more, is among the training pictures too, or has the same \
                      features; hold out others";
        return Err(Error::setting("the scale of memorisation (held out)", detail));
    }
    let share = distances.iter().filter(|distance| **distance < threshold).count() as f64 / distances.len() as f64;
    Ok(Memorisation { threshold, share, ratio: quantile(&distances, 0.5) / quantile(&known, 0.5), pairs })
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The quantile of sorted values, on the line between the two that are next to it.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, part) = (sorted[place as usize], place.fract());
    below + part * (sorted[place.ceil() as usize] - below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Random;

    fn normal(seed: u64, n: usize) -> Tensor {
        Random::new(seed, 0).normal([n, 4], 0.0, 1.0)
    }

    #[test]
    fn copies_are_flagged_with_their_originals_and_new_pictures_are_not() {
        let (training, held_out, fresh) = (normal(1, 700), normal(2, 400), normal(3, 300));
        let new = memorisation(&fresh, &training, &held_out).unwrap();
        assert!(new.share < 0.04 && (new.ratio - 1.0).abs() < 0.15, "{} {}", new.share, new.ratio);
        // Every second sample is a training picture.
        let copied = Tensor::concat(&[&training.slice(100..250), &fresh.slice(0..150)], 0);
        let found = memorisation(&copied, &training, &held_out).unwrap();
        assert!((found.share - 0.5).abs() < 0.02, "{}", found.share);
        for pair in &found.pairs[..150] {
            assert!(pair.training == pair.sample + 100 && pair.distance < 1e-7, "{pair:?}");
        }
    }

    #[test]
    fn quantiles_lie_between_the_values() {
        let values = [1.0, 2.0, 4.0];
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(|share| quantile(&values, share)), [1.0, 1.5, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_scale_of_few_pictures_is_refused() {
        let message = memorisation(&normal(1, 9), &normal(2, 9), &normal(3, 99)).unwrap_err().to_string();
        assert!(message.ends_with("got 99; make more"), "{message}");
    }
}
