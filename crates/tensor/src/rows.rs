//! Softmax and its kin, row by row over the last axis.

use crate::element::Element;
use crate::parallel;
use crate::shape::Shape;
use crate::tensor::Tensor;

impl<T: Element> Tensor<T> {
    /// ln of the sum of exponentials of each row, shifted by the row's maximum so that nothing overflows.
    ///
    /// # Shapes
    /// `[.., K] -> [..]`
    ///
    /// # Panics
    /// Without axes.
    #[track_caller]
    pub fn logsumexp_rows(&self) -> Self {
        let (&width, outer) = self.shape().split_last().expect("logsumexp: expected at least one axis");
        let x = self.data();
        Self::build(Shape::new(outer), |out| {
            for (i, o) in out.iter_mut().enumerate() {
                let row = &x[i * width..][..width];
                let max = row.iter().fold(T::splat(f64::NEG_INFINITY), |m, &v| m.max(v));
                *o = max + row.iter().map(|&v| (v - max).exp()).sum::<T>().ln();
            }
        })
    }

    /// e^x divided by its row's sum.
    ///
    /// # Shapes
    /// `[.., K] -> [.., K]`
    ///
    /// # Panics
    /// Without axes.
    #[track_caller]
    pub fn softmax_rows(&self) -> Self {
        let width = *self.shape().last().expect("softmax: expected at least one axis");
        Self::build(*self.shape(), |out| {
            parallel::rows(out, width, |i, out| {
                let row = &self.data()[i * width..][..width];
                let max = row.iter().fold(T::splat(f64::NEG_INFINITY), |m, &v| m.max(v));
                let sum: T = row.iter().map(|&v| (v - max).exp()).sum();
                for (o, &v) in out.iter_mut().zip(row) {
                    *o = (v - max).exp() / sum;
                }
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_sum_to_one_and_do_not_overflow() {
        let x = Tensor::<f32>::new([2, 3], vec![1000.0, 999.0, -1000.0, 0.1, 0.2, 0.3]);
        let p = x.softmax_rows();
        assert!(p.all_finite());
        for row in p.data().chunks(3) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
    }
}
