//! Formulas of one number, run on vectors where elements are `f32`.

use crate::element::Element;
use crate::lane::{Lane, Lanes};
use crate::parallel::{self, GRAIN};
use crate::simd::vectorised;
use crate::tensor::Tensor;

/// A function of one number, written once for every carrier of numbers: see [`Lane`].
///
/// ```
/// use impasto_tensor::{Formula, Lane, Tensor};
/// struct Logistic;
/// impl Formula for Logistic {
///     #[inline]
///     fn at<L: Lane>(&self, x: L) -> L {
///         x.sigmoid()
///     }
/// }
/// let x = Tensor::<f32>::new([2], vec![0.0, 100.0]);
/// assert_eq!(x.map_by(&Logistic).data(), [0.5, 1.0]);
/// ```
pub trait Formula: Sync {
    /// The value at `x`. Marked `#[inline]` it becomes part of the loop over registers.
    fn at<L: Lane>(&self, x: L) -> L;
}

impl<T: Element> Tensor<T> {
    /// The formula of every element: for formulas that a closure cannot run on vectors, as `exp`. Of `f32` the results are
    /// those of the vector functions, which differ from the standard library's in the last place.
    pub fn map_by(&self, formula: &impl Formula) -> Self {
        let x = self.data();
        Self::build(*self.shape(), |out| {
            parallel::chunks(out, GRAIN, |i, out| T::fill_by(formula, &x[i * GRAIN..][..out.len()], out));
        })
    }

    /// Every element times the formula of `other`'s: what the chain rule does. In place where nobody shares the buffer.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn scale_by(&mut self, other: &Self, formula: &impl Formula) {
        assert!(self.shape() == other.shape(), "scale_by: {:?} and {:?} differ", self.shape(), other.shape());
        let x = other.data();
        parallel::chunks(self.data_mut(), GRAIN, |i, out| T::scale_by(formula, &x[i * GRAIN..][..out.len()], out));
    }
}

vectorised! {
    /// `out = f(x)`
    pub(crate) fn fill[F: Formula](formula: &F, x: &[f32], out: &mut [f32]) -> () {
        for (x, out) in x.chunks(V::LANES).zip(out.chunks_mut(V::LANES)) {
            formula.at(Lanes(V::from_start(x))).0.to_start(out);
        }
    }

    /// `out *= f(x)`
    pub(crate) fn scale[F: Formula](formula: &F, x: &[f32], out: &mut [f32]) -> () {
        for (x, out) in x.chunks(V::LANES).zip(out.chunks_mut(V::LANES)) {
            (V::from_start(out) * formula.at(Lanes(V::from_start(x))).0).to_start(out);
        }
    }
}

/// `out = f(x)` on plain numbers.
pub(crate) fn fill_plainly<T: Element>(formula: &impl Formula, x: &[T], out: &mut [T]) {
    out.iter_mut().zip(x).for_each(|(o, &v)| *o = formula.at(v));
}

/// `out *= f(x)` on plain numbers.
pub(crate) fn scale_plainly<T: Element>(formula: &impl Formula, x: &[T], out: &mut [T]) {
    out.iter_mut().zip(x).for_each(|(o, &v)| *o *= formula.at(v));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Wave;
    impl Formula for Wave {
        fn at<L: Lane>(&self, x: L) -> L {
            x.clone().sin() / (L::splat(1.0) + (x.clone() * x).exp())
        }
    }

    #[test]
    fn vectors_and_their_tails_agree_with_f64() {
        for len in [0, 1, 7, 8, 9, 31, 33, 16_383, 16_385, 50_001] {
            let x = Tensor::<f32>::from_fn([len], |i| (i as f32 * 0.37).cos() * 2.0);
            let want = x.cast::<f64>().map_by(&Wave);
            let near = |got: &Tensor<f32>, want: &Tensor<f64>| {
                let error = |(&g, &w): (&f32, &f64)| (f64::from(g) - w).abs() <= 1e-6 * (w.abs() + 1e-3);
                assert!(got.data().iter().zip(want.data()).all(error), "{len}");
            };
            near(&x.map_by(&Wave), &want);
            let (mut g, mut h) = (x.clone(), x.cast::<f64>());
            g.scale_by(&x, &Wave);
            h.scale_by(&x.cast(), &Wave);
            near(&g, &h);
        }
    }
}
