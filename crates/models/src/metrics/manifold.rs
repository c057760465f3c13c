//! Quality and variety apart: how many generated pictures look real, and how much of what is real is generated.

use impasto_tensor::Tensor;

use super::both;
use super::neighbours::Points;
use crate::error::Error;

/// What [`precision_recall`] found: shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrecisionRecall {
    /// Of the generated pictures those in the manifold of the real ones: quality.
    pub precision: f64,
    /// Of the real pictures those in the manifold of the generated ones: variety.
    pub recall: f64,
}

/// Precision and recall, where the manifold of a set is the union of balls around its points, each with its `k`-th nearest of the
/// set at the edge. The usual `k` is 3. One stray picture has a large ball, so they can be too kind: see [`density_coverage`].
///
/// # Shapes
/// `[N, D]` and `[M, D]`; N and M should be equal, because fewer points have larger balls
///
/// # Errors
/// If `k` is 0, a set has no more pictures than `k`, or a number is not finite.
///
/// # Panics
/// If the two have other numbers of features.
///
/// # Source
/// Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models", 2019, equations 1 and 2.
#[track_caller]
pub fn precision_recall(generated: &Tensor, real: &Tensor, k: usize) -> Result<PrecisionRecall, Error> {
    both("precision and recall", [generated, real], least(k)?)?;
    let (generated, real) = (Points::new(generated), Points::new(real));
    let share = |inside: &Points, of: &Points| {
        let (counts, _) = balls(of, k, inside);
        counts.iter().filter(|count| **count > 0).count() as f64 / inside.len() as f64
    };
    Ok(PrecisionRecall { precision: share(&generated, &real), recall: share(&real, &generated) })
}

/// What [`density_coverage`] found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DensityCoverage {
    /// In how many balls of real pictures a generated one lies, in the mean, divided by `k`: about 1 for real ones, more if
    /// generated pictures crowd where real ones are dense.
    pub density: f64,
    /// Of the balls of real pictures those with a generated one in them, from 0 to 1.
    pub coverage: f64,
}

/// Density and coverage: the balls are those of real pictures only, so that strays of the generator count for nothing. The usual
/// `k` is 5; for sets of one distribution and one size coverage then is 0.97 (1 - 2^-k in the limit).
///
/// # Shapes
/// `[N, D]` and `[M, D]`
///
/// # Errors
/// As [`precision_recall`].
///
/// # Panics
/// If the two have other numbers of features.
///
/// # Source
/// Naeem et al., "Reliable fidelity and diversity metrics for generative models", 2020, equations 5 and 6.
#[track_caller]
pub fn density_coverage(generated: &Tensor, real: &Tensor, k: usize) -> Result<DensityCoverage, Error> {
    let [n, m] = both("density and coverage", [generated, real], least(k)?)?;
    let (counts, hit) = balls(&Points::new(real), k, &Points::new(generated));
    let density = counts.iter().map(|&count| f64::from(count)).sum::<f64>() / (k * n) as f64;
    Ok(DensityCoverage { density, coverage: hit.iter().filter(|hit| **hit).count() as f64 / m as f64 })
}

/// Pictures that a set needs so that each has `k` others.
fn least(k: usize) -> Result<usize, Error> {
    if k == 0 { Err(Error::setting("k", "expected at least 1, got 0")) } else { Ok(k + 1) }
}

/// In how many balls around `centres` each point lies, and which balls have a point in them.
fn balls(centres: &Points, k: usize, points: &Points) -> (Vec<u32>, Vec<bool>) {
    let radii = centres.radii(k);
    let (mut counts, mut hit) = (vec![0; points.len()], vec![false; centres.len()]);
    points.distances(centres, |i, j, squares| {
        for ((square, radius), hit) in squares.iter().zip(&radii[j..]).zip(&mut hit[j..]) {
            let inside = square <= radius;
            counts[i] += u32::from(inside);
            *hit |= inside;
        }
    });
    (counts, hit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Random;

    fn normal(seed: u64, deviation: f64) -> Tensor {
        Random::new(seed, 0).normal([400, 4], 0.0, deviation)
    }

    #[test]
    fn a_copy_has_everything() {
        let x = normal(1, 1.0);
        assert_eq!(precision_recall(&x, &x, 3).unwrap(), PrecisionRecall { precision: 1.0, recall: 1.0 });
        let DensityCoverage { density, coverage } = density_coverage(&x, &x, 5).unwrap();
        // Each point is in its own ball, and in k others in the mean.
        assert_eq!((density, coverage), (1.2, 1.0));
    }

    #[test]
    fn a_narrow_generator_is_precise_and_forgets_and_a_wide_one_is_not() {
        let real = normal(1, 1.0);
        let [narrow, fair, wide] = [(2, 0.3), (3, 1.0), (4, 4.0)].map(|(seed, deviation)| normal(seed, deviation));
        let pr = |x: &Tensor| precision_recall(x, &real, 3).unwrap();
        let dc = |x: &Tensor| density_coverage(x, &real, 5).unwrap();
        assert!(pr(&narrow).precision > 0.95 && pr(&narrow).recall < 0.3, "{:?}", pr(&narrow));
        assert!(pr(&wide).precision < 0.3 && pr(&wide).recall > 0.8, "{:?}", pr(&wide));
        assert!(dc(&narrow).density > 1.15 && dc(&narrow).coverage < 0.6, "{:?}", dc(&narrow));
        assert!((dc(&fair).density - 1.0).abs() < 0.1 && (dc(&fair).coverage - 0.97).abs() < 0.02, "{:?}", dc(&fair));
        assert!(dc(&wide).density < 0.3 && dc(&wide).coverage < 0.6, "{:?}", dc(&wide));
    }

    #[test]
    fn a_ball_without_an_edge_is_refused() {
        let (x, few) = (normal(1, 1.0), normal(2, 1.0).slice(0..3));
        assert_eq!(precision_recall(&x, &x, 0).unwrap_err().to_string(), "k: expected at least 1, got 0");
        let message = precision_recall(&few, &x, 3).unwrap_err().to_string();
        assert_eq!(message, "samples: expected at least 4 pictures for precision and recall, got 3; make more");
    }
}
