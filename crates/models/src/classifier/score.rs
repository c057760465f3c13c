//! How well a classifier does on pictures it has not learned from.

use impasto_tensor::Tensor;

use super::net::Config;
use super::predict::probabilities;
use crate::params::Params;

/// Parts of [0, 1] that confidences are sorted into.
const BINS: usize = 15;

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The share of pictures whose most probable class is their own: top-1.
    pub accuracy: f64,
    /// The mean probability of the most probable class.
    pub confidence: f64,
    /// Pictures of class `row` that were taken for class `column`.
    pub confusion: Vec<Vec<usize>>,
    /// The share of pictures whose own class is among the five most probable ones.
    pub top_5: f64,
    /// The mean of -ln p of a picture's own class, in nats.
    pub negative_log_likelihood: f64,
    /// How far confidence and accuracy are apart: over 15 bins of equal width, the mean over the pictures of
    /// |accuracy - mean confidence| of a picture's bin.
    ///
    /// # Source
    /// Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017, equation 3.
    pub calibration_error: f64,
    /// Those bins that hold any guess, from the least sure to the surest.
    pub calibration: Vec<Calibration>,
    /// Each class by itself.
    pub classes: Vec<ClassScore>,
    /// The pictures that were taken for another class, the surest first.
    pub mistakes: Vec<Mistake>,
}

/// How often guesses of like confidence are right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Guesses in the bin.
    pub pictures: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them that is right.
    pub accuracy: f64,
}

/// What an evaluation found about one class. A ratio of nothing to nothing is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassScore {
    /// Of the pictures that were taken for the class, the share that is of it.
    pub precision: f64,
    /// Of the pictures of the class, the share that was taken for it.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// Pictures of the class.
    pub pictures: usize,
}

/// A picture that was taken for another class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mistake {
    /// Which of the pictures.
    pub picture: usize,
    /// Its own class.
    pub label: u32,
    /// What it was taken for.
    pub guess: u32,
    /// The probability of that.
    pub confidence: f64,
}

impl Score {
    /// Scores probabilities against labels.
    ///
    /// # Shapes
    /// `probabilities` `[N, classes]`; `N` labels
    ///
    /// # Panics
    /// With another number of labels, or a label that is not a class.
    #[track_caller]
    pub fn new(probabilities: &Tensor, labels: &[u32]) -> Self {
        let &[n, classes] = &probabilities.shape()[..] else {
            panic!("score: expected [N, classes], got {:?}", probabilities.shape())
        };
        assert!(labels.len() == n, "score: expected {n} labels, got {}", labels.len());
        assert!(labels.iter().all(|&label| (label as usize) < classes), "score: expected labels below {classes}");
        let mut confusion = vec![vec![0; classes]; classes];
        let (mut bins, mut mistakes) = ([Bin::default(); BINS], Vec::new());
        let (mut among_five, mut likelihood, mut confidences) = (0, 0.0, 0.0);
        let guesses = probabilities.argmax_rows();
        for (picture, row) in probabilities.data().chunks(classes.max(1)).enumerate() {
            let (label, guess) = (labels[picture], guesses[picture] as u32);
            let (own, confidence) = (row[label as usize], f64::from(row[guess as usize]));
            confusion[label as usize][guess as usize] += 1;
            // Of equal probabilities the class that comes first counts as the more probable one.
            let before = row.iter().enumerate().filter(|&(i, &p)| p > own || (p == own && i < label as usize)).count();
            among_five += usize::from(before < 5);
            // A probability that is 0 in f32 is one below the smallest number.
            likelihood -= f64::from(own.max(f32::MIN_POSITIVE)).ln();
            confidences += confidence;
            bins[bin(confidence)].add(confidence, label == guess);
            if label != guess {
                mistakes.push(Mistake { picture, label, guess, confidence });
            }
        }
        mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let share = |count: f64| count / n.max(1) as f64;
        Self {
            accuracy: share((n - mistakes.len()) as f64),
            confidence: share(confidences),
            top_5: share(among_five as f64),
            negative_log_likelihood: share(likelihood),
            calibration_error: share(bins.iter().map(|bin| (bin.right - bin.confidence).abs()).sum()),
            calibration: bins.iter().filter(|bin| bin.pictures > 0).map(Bin::mean).collect(),
            classes: (0..classes).map(|class| ClassScore::of(&confusion, class)).collect(),
            confusion,
            mistakes,
        }
    }
}

/// The bin of a confidence: the first one whose upper end it does not exceed.
fn bin(confidence: f64) -> usize {
    ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1
}

/// Sums over the pictures of one bin.
#[derive(Clone, Copy, Default)]
struct Bin {
    pictures: usize,
    confidence: f64,
    right: f64,
}

impl Bin {
    fn add(&mut self, confidence: f64, right: bool) {
        self.pictures += 1;
        self.confidence += confidence;
        self.right += f64::from(u8::from(right));
    }

    fn mean(&self) -> Calibration {
        let n = self.pictures as f64;
        Calibration { pictures: self.pictures, confidence: self.confidence / n, accuracy: self.right / n }
    }
}

impl ClassScore {
    fn of(confusion: &[Vec<usize>], class: usize) -> Self {
        let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        let right = confusion[class][class] as f64;
        let pictures = confusion[class].iter().sum();
        let taken: usize = confusion.iter().map(|row| row[class]).sum();
        let (precision, recall) = (ratio(right, taken as f64), ratio(right, pictures as f64));
        Self { precision, recall, f1: ratio(2.0 * precision * recall, precision + recall), pictures }
    }
}

/// Scores a classifier on labelled pictures.
///
/// # Shapes
/// `images` `[N, C, H, W]`, values in [0, 1]; `N` labels
///
/// # Panics
/// With another number of labels, or a label that is not a class.
#[track_caller]
pub fn evaluate(params: &Params, config: &Config, images: &Tensor, labels: &[u32]) -> Score {
    Score::new(&probabilities(params, config, images), labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_bins_belong_to_the_bin_below() {
        assert_eq!([0.0, 1e-9, 1.0 / 15.0, 0.07, 0.5, 1.0].map(bin), [0, 0, 0, 1, 7, 14]);
    }

    #[test]
    fn the_calibration_error_is_that_of_the_formula() {
        // 0.9 right; 0.62 right and 0.64 wrong fall into one bin.
        let p = Tensor::new([3, 2], vec![0.9, 0.1, 0.62, 0.38, 0.36, 0.64]);
        let score = Score::new(&p, &[0, 0, 0]);
        let [unsure, sure] = score.calibration[..] else { panic!("{:?}", score.calibration) };
        assert_eq!((unsure.pictures, unsure.accuracy, sure.pictures, sure.accuracy), (2, 0.5, 1, 1.0));
        assert!((unsure.confidence - 0.63).abs() < 1e-6, "{}", unsure.confidence);
        assert!((score.calibration_error - (2.0 * 0.13 + 0.1) / 3.0).abs() < 1e-6, "{}", score.calibration_error);
    }

    #[test]
    fn nothing_to_score_is_no_division_by_zero() {
        let score = Score::new(&Tensor::zeros([0, 3]), &[]);
        assert_eq!((score.accuracy, score.confidence, score.calibration_error), (0.0, 0.0, 0.0));
        assert_eq!(score.classes[2], ClassScore { precision: 0.0, recall: 0.0, f1: 0.0, pictures: 0 });
    }

    #[test]
    fn the_surest_mistake_comes_first() {
        let p = Tensor::new([4, 2], vec![0.4, 0.6, 0.1, 0.9, 0.3, 0.7, 0.8, 0.2]);
        let score = Score::new(&p, &[0, 0, 1, 0]);
        let found: Vec<(usize, u32, u32)> = score.mistakes.iter().map(|m| (m.picture, m.label, m.guess)).collect();
        assert_eq!(found, [(1, 0, 1), (0, 0, 1)]);
        assert_eq!((score.accuracy, score.top_5), (0.5, 1.0));
    }
}
