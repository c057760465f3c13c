//! How good generated pictures are: numbers that compare features of them with features of real ones.
//!
//! An [`Extractor`] turns pictures into features; each metric is a function of such matrices `[N, D]`, computed in `f64`. No
//! number means anything without its extractor and the count of pictures, so a [`Score`] carries both.
//!
//! ```
//! use impasto_models::metrics::{frechet_distance, precision_recall};
//! use impasto_tensor::{Random, Tensor};
//! let features = |seed, mean| -> Tensor { Random::new(seed, 0).normal([200, 8], mean, 1.0) };
//! let (real, good, bad) = (features(1, 0.0), features(2, 0.0), features(3, 2.0));
//! assert!(frechet_distance(&good, &real)? < frechet_distance(&bad, &real)?);
//! assert!(precision_recall(&good, &real, 3)?.precision > precision_recall(&bad, &real, 3)?.precision);
//! # Ok::<(), impasto_models::Error>(())
//! ```

mod accuracy_score;
pub mod extractor;
mod frechet;
mod inception_score;
mod jacobi;
mod kernel;
mod manifold;
mod memorisation;
mod neighbours;
mod panel;
mod score;

use impasto_tensor::Tensor;

use crate::error::Error;

pub use accuracy_score::{Labelled, classification_accuracy_score};
pub use extractor::Extractor;
pub use frechet::{Gaussian, frechet_distance};
pub use inception_score::inception_score;
pub use kernel::{Subsets, kernel_distance};
pub use manifold::{DensityCoverage, PrecisionRecall, density_coverage, precision_recall};
pub use memorisation::{Memorisation, Pair, memorisation};
pub use panel::Panel;
pub use score::Score;

/// A number that was found several times over, on parts of the pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub value: f64,
    /// The standard deviation (of the population), in the same units.
    pub spread: f64,
}

impl Estimate {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let value = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - value).powi(2)).sum::<f64>() / n;
        Self { value, spread: variance.sqrt() }
    }
}

/// N and D of a matrix that a metric was given.
///
/// # Errors
/// If there are fewer rows than `least`, or one of their numbers is not finite.
#[track_caller]
fn rows(metric: &'static str, features: &Tensor, least: usize) -> Result<[usize; 2], Error> {
    let &[n, d] = &features.shape()[..] else { panic!("{metric}: expected [N, D], got {:?}", features.shape()) };
    assert!(d > 0, "{metric}: expected features of at least one number, got {:?}", features.shape());
    if n < least {
        return Err(Error::setting(
            "samples",
            format!("expected at least {least} pictures for {metric}, got {n}; make more"),
        ));
    }
    if !features.all_finite() {
        return Err(Error::setting("features", format!("expected finite numbers for {metric}; look at the pictures")));
    }
    Ok([n, d])
}

/// [`rows`] of two sets whose features must be alike.
#[track_caller]
fn both(metric: &'static str, sets: [&Tensor; 2], least: usize) -> Result<[usize; 2], Error> {
    let [[n, d], [m, other]] = [rows(metric, sets[0], least)?, rows(metric, sets[1], least)?];
    assert!(d == other, "{metric}: expected as many features of both sets, got {d} and {other}");
    Ok([n, m])
}
