//! What a classifier's probabilities say beyond its accuracy: whether it is as often right as it is sure.

use impasto_tensor::Tensor;

use super::{Chart, Series};

/// A guess: the class that a classifier found most probable, and how probable.
fn guesses(probabilities: &Tensor) -> impl Iterator<Item = (usize, f64)> {
    let classes = probabilities.shape()[1];
    let rows = probabilities.data().chunks(classes.max(1));
    probabilities.argmax_rows().into_iter().zip(rows).map(|(guess, row)| (guess, f64::from(row[guess])))
}

/// How often guesses of like confidence are right.
#[derive(Debug, Default)]
pub(crate) struct Calibration {
    /// Of each bin of guesses of like confidence that holds any: how many, their mean confidence, and the share that is
    /// right.
    pub(crate) bins: Vec<(usize, f64, f64)>,
}

impl Calibration {
    /// Sorts guesses into bins of equal width from confidence 0 to 1.
    ///
    /// # Shapes
    /// `probabilities` `[N, classes]`; `N` labels
    pub(crate) fn of(probabilities: &Tensor, labels: &[u32], bins: usize) -> Self {
        let mut sums = vec![(0, 0.0, 0.0); bins];
        for ((guess, confidence), &label) in guesses(probabilities).zip(labels) {
            let bin = &mut sums[((confidence * bins as f64) as usize).min(bins - 1)];
            *bin = (bin.0 + 1, bin.1 + confidence, bin.2 + f64::from(u8::from(guess == label as usize)));
        }
        let filled = sums.into_iter().filter(|bin| bin.0 > 0);
        Self { bins: filled.map(|(n, sure, right)| (n, sure / n as f64, right / n as f64)).collect() }
    }

    /// The expected calibration error: over all bins `b` of `n_b` guesses, `sum_b n_b / N |right_b - confidence_b|`.
    ///
    /// # Source
    /// Guo et al., "On calibration of modern neural networks", 2017, equation 3.
    pub(crate) fn error(&self) -> f64 {
        let all: usize = self.bins.iter().map(|bin| bin.0).sum();
        let gaps = self.bins.iter().map(|&(n, sure, right)| n as f64 * (right - sure).abs());
        gaps.sum::<f64>() / all.max(1) as f64
    }

    /// The reliability diagram: the nearer to the diagonal, the better.
    pub(super) fn chart(&self) -> Chart {
        let series = |name: &str, points| Series { name: name.to_owned(), points };
        let seen = self.bins.iter().map(|&(_, sure, right)| (sure, right)).collect();
        Chart {
            title: "Calibration".to_owned(),
            x: "confidence",
            y: "share right",
            series: vec![series("this classifier", seen), series("as sure as right", vec![(0.0, 0.0), (1.0, 1.0)])],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four guesses: 0.9 right, 0.8 wrong, 0.6 wrong, 0.6 right.
    fn example() -> (Tensor, [u32; 4]) {
        (Tensor::new([4, 2], vec![0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.4, 0.6]), [0, 0, 1, 1])
    }

    #[test]
    fn the_calibration_error_is_that_of_the_formula() {
        let (probabilities, labels) = example();
        let seen = Calibration::of(&probabilities, &labels, 2);
        assert_eq!(seen.bins.iter().map(|bin| bin.0).collect::<Vec<_>>(), [4]);
        assert!((seen.error() - (0.5_f64 - 2.9 / 4.0).abs()).abs() < 1e-6);
        // Bins of a quarter: [0.6, 0.6], right on half; [0.9, 0.8], right on half.
        let seen = Calibration::of(&probabilities, &labels, 4);
        assert!((seen.error() - 0.225).abs() < 1e-6, "{}", seen.error());
        let sure = Calibration::of(&Tensor::new([1, 2], vec![1.0, 0.0]), &[0], 10);
        assert_eq!((sure.bins.len(), sure.error(), Calibration::default().error()), (1, 0.0, 0.0));
    }
}
