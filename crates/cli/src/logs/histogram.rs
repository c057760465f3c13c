//! How values are spread, in TensorBoard's buckets: each is a tenth wider than the one before, on both sides of zero.

/// Counts of values between limits, and their moments.
#[derive(Debug, PartialEq)]
pub(super) struct Histogram {
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) sum_of_squares: f64,
    /// The upper end of each bucket, which does not belong to it; the lower end is the limit before.
    pub(super) limits: Vec<f64>,
    pub(super) counts: Vec<f64>,
}

impl Histogram {
    /// Counts the finite values; none if there is none. Of buckets without values on end only the last is kept: the reader
    /// draws them as one.
    ///
    /// # Source
    /// `tensorflow/core/lib/histogram/histogram.cc`: limits `1e-12 * 1.1^i` below 1e20, the largest double, the same with a
    /// minus, and 0 between.
    pub(super) fn of(values: &[f32]) -> Option<Self> {
        let finite = || values.iter().filter(|v| v.is_finite()).map(|&v| f64::from(v));
        let first = finite().next()?;
        let all = limits();
        let mut counts = vec![0.0; all.len()];
        let zero = Self {
            min: first,
            max: first,
            count: 0.0,
            sum: 0.0,
            sum_of_squares: 0.0,
            limits: Vec::new(),
            counts: Vec::new(),
        };
        let mut seen = finite().fold(zero, |seen, v| {
            counts[all.partition_point(|&limit| limit <= v)] += 1.0;
            Self {
                min: seen.min.min(v),
                max: seen.max.max(v),
                count: seen.count + 1.0,
                sum: seen.sum + v,
                sum_of_squares: seen.sum_of_squares + v * v,
                ..seen
            }
        });
        let last = counts.iter().rposition(|&count| count > 0.0)?;
        let is_kept = |&i: &usize| counts[i] > 0.0 || counts[i + 1] > 0.0;
        let kept: Vec<usize> = (0..last).filter(is_kept).chain([last]).collect();
        seen.limits = kept.iter().map(|&i| all[i]).collect();
        seen.counts = kept.iter().map(|&i| counts[i]).collect();
        Some(seen)
    }
}

fn limits() -> Vec<f64> {
    let mut positive: Vec<f64> =
        std::iter::successors(Some(1e-12), |v| Some(v * 1.1)).take_while(|&v| v < 1e20).collect();
    positive.push(f64::MAX);
    positive.iter().rev().map(|v| -v).chain([0.0]).chain(positive.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_is_in_its_bucket() {
        let values = [0.0, 0.5, -0.5, 3.0, 3.0, f32::NAN, f32::INFINITY, -1e-20, f32::MAX, f32::MIN];
        let seen = Histogram::of(&values).expect("finite values");
        assert_eq!((seen.min, seen.max, seen.count), (f64::from(f32::MIN), f64::from(f32::MAX), 8.0));
        assert_eq!(seen.counts.iter().sum::<f64>(), 8.0);
        assert_eq!(seen.limits.len(), seen.counts.len());
        assert!(seen.limits.is_sorted_by(|a, b| a < b));
        let count_below =
            |x: f64| seen.limits.iter().zip(&seen.counts).filter(|(l, _)| **l <= x).map(|(_, c)| c).sum::<f64>();
        assert_eq!((count_below(0.0), count_below(1e-12), count_below(1.0), count_below(4.0)), (3.0, 4.0, 5.0, 7.0));
        // A bucket begins where the one before ends, at most a tenth below.
        for (i, &count) in seen.counts.iter().enumerate().skip(1) {
            let [from, to] = [seen.limits[i - 1], seen.limits[i]];
            let (near, far) = (from.abs().min(to.abs()), from.abs().max(to.abs()));
            let is_narrow = near == 0.0 || far == f64::MAX || far - near < 0.11 * far;
            assert!(count == 0.0 || is_narrow, "{from} to {to}");
        }
        assert_eq!(Histogram::of(&[f32::NAN]), None);
        let one = Histogram::of(&[2.0; 5]).expect("finite values");
        assert_eq!((one.sum, one.sum_of_squares, one.counts), (10.0, 20.0, vec![0.0, 5.0]));
    }
}
