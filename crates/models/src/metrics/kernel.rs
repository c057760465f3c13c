//! The kernel distance of two sets of features: without a bias, so that few pictures are enough to see a trend.

use impasto_tensor::{Random, Tensor, random};

use super::{Estimate, both};
use crate::error::Error;

/// How the sets are drawn from for [`kernel_distance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subsets {
    /// How many times.
    pub count: usize,
    /// Pictures of each set, without repetition.
    pub size: usize,
    /// Where the choice comes from.
    pub seed: u64,
}

impl Default for Subsets {
    fn default() -> Self {
        Self { count: 100, size: 1000, seed: 0 }
    }
}

/// The squared maximum mean discrepancy for the kernel k(x, y) = (x y / D + 1)^3, unbiased: 0 in the mean for sets of one
/// distribution, and so below 0 about as often as above. Mean and deviation over random subsets.
///
/// Each feature is divided by its deviation among the real ones first, because the cube lets the largest features decide alone:
/// on rectified features of a classifier, as they are, the number came out negative for real pictures and no scale was to be
/// seen. Features that never move are left as they are. So it is not the published KID, which takes Inception's features
/// undivided.
///
/// # Shapes
/// `[N, D]` and `[M, D]`
///
/// # Errors
/// If a set has fewer pictures than a subset, a subset fewer than 2, there is no subset, or a number is not finite.
///
/// # Panics
/// If the two have other numbers of features.
///
/// # Source
/// Bińkowski et al., "Demystifying MMD GANs", 2018, section 4; Gretton et al., "A kernel two-sample test", 2012, equation 3.
#[track_caller]
pub fn kernel_distance(generated: &Tensor, real: &Tensor, subsets: Subsets) -> Result<Estimate, Error> {
    if subsets.count == 0 || subsets.size < 2 {
        let Subsets { count, size, .. } = subsets;
        return Err(Error::setting("subsets", format!("expected at least 1 of at least 2, got {count} of {size}")));
    }
    both("the kernel distance", [generated, real], subsets.size)?;
    let scales = scales(real);
    let values: Vec<f64> = (0..subsets.count as u64)
        .map(|i| {
            let [x, y] = [("generated", generated), ("real", real)].map(|(name, set)| {
                // A stream for each set: the same pictures of one are drawn whatever the size of the other.
                let mut random = Random::new(subsets.seed, random::stream(name).wrapping_add(i));
                choice(set, subsets.size, &mut random).zip(&scales, |x, s| x * s)
            });
            discrepancy(&x, &y)
        })
        .collect();
    Ok(Estimate::of(&values))
}

/// What brings each feature to a deviation of 1: `[1, D]`.
fn scales(x: &Tensor) -> Tensor<f64> {
    let d = x.shape()[1];
    let n = x.shape()[0] as f64;
    let (mut mean, mut variance) = (vec![0.0; d], vec![0.0; d]);
    for row in x.data().chunks(d) {
        mean.iter_mut().zip(row).for_each(|(m, &v)| *m += f64::from(v) / n);
    }
    for row in x.data().chunks(d) {
        let away = row.iter().zip(&mean).map(|(&v, m)| f64::from(v) - m);
        variance.iter_mut().zip(away).for_each(|(s, a)| *s += a * a / n);
    }
    Tensor::new([1, d], variance).map(|v| if v > 0.0 { 1.0 / v.sqrt() } else { 1.0 })
}

/// Rows at random, each at most once.
fn choice(x: &Tensor, size: usize, random: &mut Random) -> Tensor<f64> {
    let (n, d) = (x.shape()[0], x.shape()[1]);
    let order = random.permutation(n);
    let rows = order[..size].iter().flat_map(|&i| &x.data()[i * d..][..d]);
    Tensor::new([size, d], rows.map(|&v| f64::from(v)).collect())
}

/// The unbiased estimate from two sets of one size.
fn discrepancy(x: &Tensor<f64>, y: &Tensor<f64>) -> f64 {
    let [n, d] = [x.shape()[0], x.shape()[1]];
    let kernel = |v: f64| (v / d as f64 + 1.0).powi(3);
    let within = |x: &Tensor<f64>| {
        let k = x.products_of_rows().into_map(kernel);
        let diagonal: f64 = k.data().iter().step_by(n + 1).sum();
        (k.sum() - diagonal) / (n * (n - 1)) as f64
    };
    let between = x.matmul(&y.transpose()).into_map(kernel).sum() / (n * n) as f64;
    within(x) + within(y) - 2.0 * between
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(seed: u64, mean: f64) -> Tensor {
        Random::new(seed, 0).normal([500, 6], mean, 3.0)
    }

    #[test]
    fn one_distribution_is_near_zero_and_a_shift_is_seen() {
        let subsets = Subsets { count: 50, size: 100, seed: 3 };
        let same = kernel_distance(&normal(1, 1.0), &normal(2, 1.0), subsets).unwrap();
        let other = kernel_distance(&normal(1, 1.0), &normal(2, 1.5), subsets).unwrap();
        assert!(same.value.abs() < same.spread, "{same:?}");
        assert!(other.value > 3.0 * same.spread && other.value > other.spread, "{other:?}, {same:?}");
    }

    #[test]
    fn a_feature_of_another_scale_changes_nothing_and_the_seed_decides() {
        let subsets = Subsets { count: 3, size: 50, seed: 3 };
        let scale = Tensor::new([1, 6], vec![1.0, 1024.0, 1.0, 0.125, 1.0, 1.0]);
        let (x, y) = (normal(1, 1.0), normal(2, 1.2));
        let plain = kernel_distance(&x, &y, subsets).unwrap();
        let scaled = [&x, &y].map(|t| t.zip(&scale, |v, s| v * s));
        let scaled = kernel_distance(&scaled[0], &scaled[1], subsets).unwrap();
        assert!((plain.value - scaled.value).abs() < 1e-12, "{plain:?} {scaled:?}");
        assert_eq!(plain, kernel_distance(&x, &y, subsets).unwrap());
        assert_ne!(plain, kernel_distance(&x, &y, Subsets { seed: 4, ..subsets }).unwrap());
    }

    #[test]
    fn subsets_that_cannot_be_drawn_are_refused() {
        let refused = |subsets| kernel_distance(&normal(1, 0.0), &normal(2, 0.0), subsets).unwrap_err().to_string();
        let large = refused(Subsets::default());
        assert_eq!(large, "samples: expected at least 1000 pictures for the kernel distance, got 500; make more");
        let one = refused(Subsets { size: 1, ..Subsets::default() });
        assert_eq!(one, "subsets: expected at least 1 of at least 2, got 100 of 1");
    }
}
