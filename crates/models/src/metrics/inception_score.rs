//! The Inception score, of any classifier: whether each picture looks like one class, and all together like every class.

use impasto_tensor::Tensor;

use super::{Estimate, rows};
use crate::error::Error;

/// exp(mean over pictures of KL(p(y|x) || p(y))), from 1 (all pictures the same to the classifier) to the number of classes.
/// Mean and deviation over `splits` consecutive parts of nearly one size, each with a p(y) of its own; the order of the pictures
/// should be random. It never looks at real pictures, so a generator of one good picture a class has a perfect score.
///
/// # Shapes
/// `probabilities` `[N, classes]`, rows that add up to 1
///
/// # Errors
/// If there are fewer pictures than splits, or no split, or a number is not finite.
///
/// # Source
/// Salimans et al., "Improved techniques for training GANs", 2016, section 4.
#[track_caller]
pub fn inception_score(probabilities: &Tensor, splits: usize) -> Result<Estimate, Error> {
    if splits == 0 {
        return Err(Error::setting("splits", "expected at least 1, got 0"));
    }
    let [n, classes] = rows("the Inception score", probabilities, splits)?;
    let part = |i: usize| &probabilities.data()[i * n / splits * classes..(i + 1) * n / splits * classes];
    Ok(Estimate::of(&(0..splits).map(|i| score(part(i), classes)).collect::<Vec<_>>()))
}

fn score(probabilities: &[f32], classes: usize) -> f64 {
    let n = (probabilities.len() / classes) as f64;
    let mut marginal = vec![0.0; classes];
    for row in probabilities.chunks(classes) {
        marginal.iter_mut().zip(row).for_each(|(m, &p)| *m += f64::from(p) / n);
    }
    let divergence = |row: &[f32]| -> f64 {
        let terms = row.iter().zip(&marginal).map(|(&p, m)| (f64::from(p), m));
        // A probability of 0 adds nothing: p ln p goes to 0 with p.
        terms.filter(|(p, _)| *p > 0.0).map(|(p, m)| p * (p / m).ln()).sum()
    };
    (probabilities.chunks(classes).map(divergence).sum::<f64>() / n).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sure_and_even_is_the_number_of_classes_and_undecided_is_one() {
        let sure = Tensor::from_fn([12, 4], |i| f32::from(u8::from(i / 4 % 4 == i % 4)));
        assert_eq!(inception_score(&sure, 3).unwrap(), Estimate { value: 4.0, spread: 0.0 });
        let undecided = inception_score(&Tensor::full([12, 4], 0.25), 1).unwrap();
        assert!((undecided.value - 1.0).abs() < 1e-12, "{undecided:?}");
        // All of one class, however sure: nothing but one kind of picture.
        let one = Tensor::from_fn([12, 4], |i| f32::from(u8::from(i % 4 == 2)));
        assert!((inception_score(&one, 2).unwrap().value - 1.0).abs() < 1e-12);
    }

    #[test]
    fn more_splits_than_pictures_are_refused() {
        let message = inception_score(&Tensor::ones([3, 1]), 4).unwrap_err().to_string();
        assert_eq!(message, "samples: expected at least 4 pictures for the Inception score, got 3; make more");
        assert_eq!(
            inception_score(&Tensor::ones([3, 1]), 0).unwrap_err().to_string(),
            "splits: expected at least 1, got 0"
        );
    }
}
