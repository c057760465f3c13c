//! Scores of a classifier against numpy.

use impasto_models::classifier::{ClassScore, Score};

use super::Named;
use super::functions::load;

fn check(name: &str, case: &Named) {
    let labels: Vec<u32> = case["labels"].data().iter().map(|&label| label as u32).collect();
    let score = Score::new(&case["probabilities"].cast(), &labels);
    for (key, got) in [
        ("accuracy", score.accuracy),
        ("confidence", score.confidence),
        ("top_5", score.top_5),
        ("negative_log_likelihood", score.negative_log_likelihood),
        ("calibration_error", score.calibration_error),
    ] {
        let want = case[key].data()[0];
        assert!((got - want).abs() < 1e-6, "{name}, {key}: {got}, want {want}");
    }
    let each = |of: fn(&ClassScore) -> f64| score.classes.iter().map(of).collect::<Vec<_>>();
    for (key, got) in [("precision", each(|c| c.precision)), ("recall", each(|c| c.recall)), ("f1", each(|c| c.f1))] {
        assert!(got.iter().zip(case[key].data()).all(|(a, b)| (a - b).abs() < 1e-12), "{name}, {key}: {got:?}");
        assert_eq!(got.len(), case[key].len());
    }
    let confusion: Vec<f64> = score.confusion.iter().flatten().map(|&n| n as f64).collect();
    assert_eq!(confusion, case["confusion"].data(), "{name}");
    let pictures: Vec<usize> = score.classes.iter().map(|c| c.pictures).collect();
    assert_eq!(pictures.iter().sum::<usize>(), labels.len());
    let mistakes: Vec<f64> = score.mistakes.iter().map(|m| m.picture as f64).collect();
    assert_eq!(mistakes, case["mistakes"].data(), "{name}");
    assert!(score.mistakes.windows(2).all(|pair| pair[0].confidence >= pair[1].confidence));
}

#[test]
fn scores_agree_with_numpy() {
    let cases = load("scores.safetensors");
    assert_eq!(cases.len(), 3);
    for (name, case) in &cases {
        check(name, case);
    }
}
