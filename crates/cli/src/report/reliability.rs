//! Whether a classifier is as often right as it is sure: the reliability diagram.

use impasto_models::classifier::Calibration;
use maud::{Markup, html};

use super::{Chart, Series, page::curves};

/// The diagram (the nearer to the diagonal, the better) and the expected calibration error.
pub(super) fn reliability(bins: &[Calibration]) -> Markup {
    if bins.is_empty() {
        return Markup::default();
    }
    let all: usize = bins.iter().map(|bin| bin.pictures).sum();
    let gaps = bins.iter().map(|bin| bin.pictures as f64 * (bin.accuracy - bin.confidence).abs());
    let points = 100.0 * gaps.sum::<f64>() / all as f64;
    html! {
        div.charts {
            div {
                (curves(&chart(bins)))
                p.quiet {
                    "Guesses that are 80 % sure should be right four times in five. On average over all guesses the two "
                    "are " (format!("{points:.1}")) " points apart (expected calibration error)."
                }
            }
        }
    }
}

fn chart(bins: &[Calibration]) -> Chart {
    let series = |name: &str, points| Series { name: name.to_owned(), points };
    let seen = bins.iter().map(|bin| (bin.confidence, bin.accuracy)).collect();
    Chart {
        title: "Calibration".to_owned(),
        x: "confidence",
        y: "share right",
        series: vec![series("this classifier", seen), series("as sure as right", vec![(0.0, 0.0), (1.0, 1.0)])],
    }
}
