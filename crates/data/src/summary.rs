//! [`Summary`]: what a person wants to know of a data set before training on it.

use std::collections::HashSet;

use serde::Serialize;

use crate::{Dataset, Rejected};

/// The number of pictures in a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The name of the class.
    pub class: String,
    /// How many pictures it has.
    pub count: usize,
}

/// Counts and statistics of a [`Dataset`]. `read` = `kept` + the number of `rejected`, always.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Where the pictures come from.
    pub source: String,
    /// Their licence, if it is known.
    pub licence: Option<String>,
    /// How many files or array entries were looked at.
    pub read: usize,
    /// How many of them are in the data set.
    pub kept: usize,
    /// The others.
    pub rejected: Vec<Rejected>,
    /// The width of every picture, in pixels.
    pub width: usize,
    /// The height of every picture, in pixels.
    pub height: usize,
    /// 1 (grey) or 3 (RGB).
    pub channels: usize,
    /// The classes in the order of their labels; empty without labels.
    pub classes: Vec<ClassCount>,
    /// The mean of each channel, in [0, 1].
    pub mean: Vec<f64>,
    /// The standard deviation of each channel, in [0, 1].
    pub deviation: Vec<f64>,
    /// How many pictures equal an earlier one in every sample.
    pub duplicates: usize,
    /// [`Dataset::hash`].
    pub hash: String,
}

impl Summary {
    /// The summary of a data set.
    pub fn of(set: &Dataset) -> Self {
        let [kept, channels, height, width] = set.shape();
        let (mean, deviation) = (0..channels).map(|c| moments(set, c)).unzip();
        let mut seen = HashSet::new();
        let counts = set.classes().iter().zip(set.class_counts());
        Self {
            source: set.source().into(),
            licence: set.licence().map(Into::into),
            read: kept + set.rejected().len(),
            kept,
            rejected: set.rejected().to_vec(),
            width,
            height,
            channels,
            classes: counts.map(|(class, count)| ClassCount { class: class.clone(), count }).collect(),
            mean,
            deviation,
            duplicates: (0..kept).filter(|&i| !seen.insert(set.planes(i))).count(),
            hash: set.hash(),
        }
    }
}

/// Mean and standard deviation of a channel, in [0, 1]; the sums are in integers and so exact.
fn moments(set: &Dataset, channel: usize) -> (f64, f64) {
    let [n, _, h, w] = set.shape();
    let (mut sum, mut squares) = (0u64, 0u64);
    for i in 0..n {
        for &v in &set.planes(i)[channel * h * w..][..h * w] {
            sum += u64::from(v);
            squares += u64::from(v).pow(2);
        }
    }
    let count = (n * h * w).max(1) as f64;
    let mean = sum as f64 / count;
    let variance = (squares as f64 / count - mean * mean).max(0.0);
    (mean / 255.0, variance.sqrt() / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_and_duplicates_are_exact() {
        let set = Dataset {
            pixels: vec![0, 255, 0, 255, 255, 255],
            frame: [1, 1, 2],
            labels: Some(vec![0, 0, 1]),
            classes: vec!["a".into(), "b".into(), "c".into()],
            source: "test".into(),
            licence: None,
            rejected: vec![Rejected { path: "x".into(), reason: "y".into() }],
        };
        let summary = Summary::of(&set);
        assert_eq!((summary.read, summary.kept, summary.duplicates), (4, 3, 1));
        assert_eq!(summary.classes.iter().map(|c| c.count).collect::<Vec<_>>(), [2, 1, 0]);
        assert!((summary.mean[0] - 2.0 / 3.0).abs() < 1e-12);
        assert!((summary.deviation[0] - (2.0f64 / 9.0).sqrt()).abs() < 1e-12);
    }
}
