//! The Fréchet distance of two sets of features, the field's usual number: FID with the features of Inception, FCD with those of
//! a classifier.

use impasto_tensor::{MatMul, Tensor};

use super::jacobi::{orthogonal_rows, squares};
use super::rows;
use crate::error::Error;

/// Rows that are widened to `f64` at a time.
const CHUNK: usize = 4096;

/// Mean and covariance of a set of features: all that the distance needs of it, so that those of a large set are found once.
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: Tensor<f64>,
    /// F, whose rows are orthogonal, with Fᵀ F the covariance.
    factor: Tensor<f64>,
    /// The sum of all variances.
    trace: f64,
}

impl Gaussian {
    /// The mean and the unbiased covariance of features.
    ///
    /// # Shapes
    /// `features` `[N, D]`
    ///
    /// # Errors
    /// If N is less than 2 D, where the distance says more about N than about the features; if a number is not finite.
    #[track_caller]
    pub fn fit(features: &Tensor) -> Result<Self, Error> {
        let least = 2 * features.shape().last().copied().unwrap_or(0);
        let [n, d] = rows("the Fréchet distance", features, least)?;
        let parts = || (0..n).step_by(CHUNK).map(|i| features.slice(i..n.min(i + CHUNK)).cast::<f64>());
        let mut mean = Tensor::zeros([1, d]);
        for part in parts() {
            mean.zip_assign(&part.sum_axes(&[0]).reshape([1, d]), |m, sum| m + sum / n as f64);
        }
        let mut covariance = Tensor::zeros([d, d]);
        for part in parts() {
            let part = part.zip(&mean, |x, m| x - m);
            let squares = MatMul { transpose_a: true, transpose_b: false }.run(&part, &part);
            covariance.zip_assign(&squares, |c, s| c + s / (n - 1) as f64);
        }
        let mut factor = orthogonal_rows(covariance);
        let values: Vec<f64> = squares(&factor).into_iter().map(f64::sqrt).collect();
        // What is smaller is rounding, and its direction means nothing.
        let least = values.iter().fold(0.0, |m: f64, v| m.max(*v)) * d as f64 * f64::EPSILON;
        for (row, value) in factor.data_mut().chunks_mut(d).zip(&values) {
            let scale = if *value > least { 1.0 / value.sqrt() } else { 0.0 };
            for v in row {
                *v *= scale;
            }
        }
        Ok(Self { mean, trace: squares(&factor).iter().sum(), factor })
    }

    /// The squared Fréchet (2-Wasserstein) distance of the two normal distributions:
    /// |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2)
    ///
    /// The trace of the root is the sum of the singular values of F1 F2ᵀ, where Fᵀ F = C.
    ///
    /// # Source
    /// Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium", 2017, equation 6;
    /// Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982.
    ///
    /// # Panics
    /// If the two have other numbers of features.
    #[track_caller]
    pub fn distance(&self, other: &Self) -> f64 {
        let [d, e] = [self, other].map(|g| g.mean.len());
        assert!(d == e, "the Fréchet distance: expected as many features of both sets, got {d} and {e}");
        let away = self.mean.zip(&other.mean, |a, b| a - b);
        let shared = MatMul { transpose_a: false, transpose_b: true }.run(&self.factor, &other.factor);
        let root: f64 = squares(&orthogonal_rows(shared)).into_iter().map(f64::sqrt).sum();
        // Rounding can bring a distance of 0 below it.
        (away.dot(&away) + self.trace + other.trace - 2.0 * root).max(0.0)
    }
}

/// The Fréchet distance between generated and real features, see [`Gaussian::distance`]: 0 for equal means and covariances. It
/// falls with the number of pictures (its bias is about 1 / N), so compare only numbers of equal N.
///
/// # Shapes
/// `[N, D]` and `[M, D]`
///
/// # Errors
/// As [`Gaussian::fit`].
///
/// # Panics
/// As [`Gaussian::distance`].
#[track_caller]
pub fn frechet_distance(generated: &Tensor, real: &Tensor) -> Result<f64, Error> {
    Ok(Gaussian::fit(generated)?.distance(&Gaussian::fit(real)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Random;

    fn normal(seed: u64, n: usize, d: usize, deviation: f64) -> Tensor {
        Random::new(seed, 0).normal([n, d], 1.0, deviation)
    }

    #[test]
    fn a_set_is_at_no_distance_from_itself_and_at_the_square_of_a_shift() {
        let x = normal(1, 300, 16, 2.0);
        assert!(frechet_distance(&x, &x).unwrap() < 1e-11);
        let got = frechet_distance(&x.map(|v| v + 0.5), &x).unwrap();
        assert!((got - 16.0 * 0.25).abs() < 1e-5, "{got}");
    }

    #[test]
    fn a_scale_costs_the_square_of_the_difference_of_deviations() {
        let x = normal(2, 9001, 3, 1.0);
        let variance: f64 = Gaussian::fit(&x).unwrap().trace;
        let mean = Gaussian::fit(&x).unwrap().mean;
        let want = 4.0 * mean.dot(&mean) + 4.0 * variance;
        let got = frechet_distance(&x.map(|v| 3.0 * v), &x).unwrap();
        assert!((got / want - 1.0).abs() < 1e-6, "{got} {want}");
    }

    #[test]
    fn features_that_never_move_do_no_harm() {
        let dead = |x: Tensor| x.zip(&Tensor::from_fn([1, 8], |i| (i % 3) as f32), |x, on| x * on);
        let (x, y) = (dead(normal(1, 99, 8, 1.0)), dead(normal(2, 99, 8, 1.0)));
        let distance = frechet_distance(&x, &y).unwrap();
        assert!(distance.is_finite() && distance > 0.0);
        assert!(frechet_distance(&x, &x).unwrap() < 1e-12);
    }

    #[test]
    fn too_few_pictures_and_broken_ones_are_refused() {
        let message = frechet_distance(&normal(1, 127, 64, 1.0), &normal(1, 200, 64, 1.0)).unwrap_err().to_string();
        assert_eq!(message, "samples: expected at least 128 pictures for the Fréchet distance, got 127; make more");
        let broken = normal(1, 20, 2, 1.0).map(|v| if v > 2.0 { f32::NAN } else { v });
        let message = Gaussian::fit(&broken).unwrap_err().to_string();
        assert!(message.starts_with("features: expected finite numbers for the Fréchet distance"), "{message}");
    }
}
