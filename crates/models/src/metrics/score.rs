//! A number with everything that it depends on, so that nobody compares what cannot be compared.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Estimate, Extractor};

/// One metric's value, and what it was measured with.
///
/// ```
/// use impasto_models::metrics::Score;
/// let score = Score {
///     metric: "fcd".into(),
///     extractor: "fmnist".into(),
///     hash: "a1b2c3d4".into(),
///     samples: 10_000,
///     value: 12.34567,
///     spread: None,
/// };
/// assert_eq!(score.name(), "fcd[fmnist-a1b2c3d4]@10k");
/// assert_eq!(score.to_string(), "fcd[fmnist-a1b2c3d4]@10k 12.35");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The metric: `fcd`, `kid`, `precision`, ..
    pub metric: String,
    /// The extractor's name.
    pub extractor: String,
    /// The first eight digits of the extractor's hash.
    pub hash: String,
    /// Generated pictures.
    pub samples: usize,
    /// The number.
    pub value: f64,
    /// Its deviation, where it was found several times over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spread: Option<f64>,
}

impl Score {
    /// A value found with an extractor.
    pub fn new(metric: &str, extractor: &Extractor, samples: usize, value: f64) -> Self {
        let (name, hash) = (extractor.name().to_owned(), extractor.hash().to_owned());
        Self { metric: metric.to_owned(), extractor: name, hash, samples, value, spread: None }
    }

    /// A value with its deviation.
    pub fn estimate(metric: &str, extractor: &Extractor, samples: usize, estimate: Estimate) -> Self {
        Self { spread: Some(estimate.spread), ..Self::new(metric, extractor, samples, estimate.value) }
    }

    /// `metric[extractor-hash]@samples`: only scores of one name can be compared.
    pub fn name(&self) -> String {
        let count = match self.samples {
            n if n >= 1000 && n.is_multiple_of(1000) => format!("{}k", n / 1000),
            n => n.to_string(),
        };
        format!("{}[{}-{}]@{count}", self.metric, self.extractor, self.hash)
    }
}

/// The name, and the value to four digits.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), four(self.value))?;
        if let Some(spread) = self.spread {
            write!(f, " ± {}", four(spread))?;
        }
        Ok(())
    }
}

/// Four digits, and as many places as that takes; none for larger numbers.
fn four(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    if digits > 8 { format!("{value:.3e}") } else { format!("{value:.*}", digits.max(0) as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_it_depends_on() {
        let score = Score {
            metric: "kid".into(),
            extractor: "x".into(),
            hash: "00112233".into(),
            samples: 1500,
            value: -0.000_123_456,
            spread: Some(0.02),
        };
        assert_eq!(score.to_string(), "kid[x-00112233]@1500 -0.0001235 ± 0.02000");
        assert_eq!([0.0, 12_345.6, 0.987_65, 3e-9].map(four), ["0", "12346", "0.9877", "3.000e-9"]);
        let back: Score = serde_json::from_str(&serde_json::to_string(&score).unwrap()).unwrap();
        assert_eq!(back, score);
    }
}
