//! One bit for each element: what a ReLU, a dropout or a clamp remembers of its input.

use std::sync::Arc;

use crate::element::Element;
use crate::parallel::{self, GRAIN};
use crate::shape::Shape;
use crate::simd::vectorised;
use crate::tensor::Tensor;

/// A yes or no for every element of a tensor, 64 to a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    shape: Shape,
    words: Arc<Vec<u64>>,
}

impl Bits {
    /// The shape of the tensor that the bits belong to.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Bit `i`, counted row by row.
    pub fn get(&self, i: usize) -> bool {
        self.words[i / 64] >> (i % 64) & 1 == 1
    }
}

impl<T: Element> Tensor<T> {
    /// The elements for which `test` holds.
    pub fn bits(&self, test: impl Fn(T) -> bool + Sync + Send) -> Bits {
        let mut words = vec![0; self.len().div_ceil(64)];
        let per_task = GRAIN / 64;
        parallel::chunks(&mut words, per_task, |task, words| {
            for (word, x) in words.iter_mut().zip(self.data()[task * GRAIN..].chunks(64)) {
                *word = x.iter().enumerate().fold(0, |word, (i, &v)| word | u64::from(test(v)) << i);
            }
        });
        Bits { shape: *self.shape(), words: Arc::new(words) }
    }

    /// The elements above 0.
    pub fn positive(&self) -> Bits {
        let mut words = vec![0; self.len().div_ceil(64)];
        parallel::chunks(&mut words, GRAIN / 64, |task, words| {
            let x = &self.data()[task * GRAIN..];
            T::positive(&x[..x.len().min(GRAIN)], words);
        });
        Bits { shape: *self.shape(), words: Arc::new(words) }
    }

    /// Every element where it is above 0, times `slope` where not; and the bits that say which.
    pub fn rectify(&self, slope: f64) -> (Self, Bits) {
        let mut words = vec![0; self.len().div_ceil(64)];
        let y = Self::build(*self.shape(), |out| {
            parallel::chunks_of_two((out, GRAIN), (&mut words, GRAIN / 64), |task, out, words| {
                T::rectify(&self.data()[task * GRAIN..][..out.len()], T::splat(slope), out, words);
            });
        });
        (y, Bits { shape: *self.shape(), words: Arc::new(words) })
    }

    /// Every element times `on` where its bit is set, times `off` where not. In place where nobody shares the buffer.
    ///
    /// # Panics
    /// If the bits belong to another shape.
    #[track_caller]
    pub fn gate(mut self, bits: &Bits, on: f64, off: f64) -> Self {
        assert!(*self.shape() == bits.shape, "gate: bits of {:?} do not fit {:?}", bits.shape, self.shape());
        let factors = [off, on].map(T::splat);
        parallel::chunks(self.data_mut(), GRAIN, |task, x| T::gate(x, &bits.words[task * GRAIN / 64..], factors));
        self
    }

    /// The elements of `self` where the bit is set, those of `other` where not.
    ///
    /// # Panics
    /// If the three shapes differ.
    #[track_caller]
    pub fn select(&self, other: &Self, bits: &Bits) -> Self {
        let shapes = [self.shape(), other.shape(), &bits.shape];
        assert!(shapes.iter().all(|s| *s == self.shape()), "select: {shapes:?} differ");
        Self::build(*self.shape(), |out| {
            parallel::chunks(out, GRAIN, |task, out| {
                let at = task * GRAIN;
                select(&self.data()[at..], &other.data()[at..], &bits.words[at / 64..], out);
            });
        })
    }
}

vectorised! {
    /// Rectifies, a word of bits at a time.
    pub(crate) fn rectify[](x: &[f32], slope: f32, out: &mut [f32], words: &mut [u64]) -> () {
        let (zero, slope) = (V::zero(), V::splat(slope));
        for ((x, out), word) in x.chunks(64).zip(out.chunks_mut(64)).zip(words) {
            *word = 0;
            for (i, (x, out)) in x.chunks(V::LANES).zip(out.chunks_mut(V::LANES)).enumerate() {
                let x = V::from_start(x);
                *word |= u64::from(V::gt_bits(x, zero)) << (i * V::LANES);
                V::select_gt(x, zero, x, x * slope).to_start(out);
            }
        }
    }

    /// A word of bits at a time: which are above 0.
    pub(crate) fn positive[](x: &[f32], words: &mut [u64]) -> () {
        for (x, word) in x.chunks(64).zip(words) {
            *word = 0;
            for (i, x) in x.chunks(V::LANES).enumerate() {
                *word |= u64::from(V::gt_bits(V::from_start(x), V::zero())) << (i * V::LANES);
            }
        }
    }

    /// Multiplies by the second factor where the bit is set, by the first where not.
    pub(crate) fn gate[](x: &mut [f32], words: &[u64], factors: [f32; 2]) -> () {
        let (off, on) = (V::splat(factors[0]), V::splat(factors[1]));
        for (x, &word) in x.chunks_mut(64).zip(words) {
            for (i, x) in x.chunks_mut(V::LANES).enumerate() {
                let factor = V::select_bits((word >> (i * V::LANES)) as u32, on, off);
                (V::from_start(x) * factor).to_start(x);
            }
        }
    }

    /// Takes the first number where the bit is set, the second where not.
    fn select[T: Element](on: &[T], off: &[T], words: &[u64], out: &mut [T]) -> () {
        for (((out, on), off), &word) in out.chunks_mut(64).zip(on.chunks(64)).zip(off.chunks(64)).zip(words) {
            for (i, (o, (&on, &off))) in out.iter_mut().zip(on.iter().zip(off)).enumerate() {
                *o = if word >> i & 1 == 1 { on } else { off };
            }
        }
    }
}

/// [`rectify`] on plain numbers.
pub(crate) fn rectify_plainly<T: Element>(x: &[T], slope: T, out: &mut [T], words: &mut [u64]) {
    for ((x, out), word) in x.chunks(64).zip(out.chunks_mut(64)).zip(words) {
        *word = x.iter().enumerate().fold(0, |word, (i, &v)| word | u64::from(v > T::splat(0.0)) << i);
        out.iter_mut().zip(x).for_each(|(o, &v)| *o = if v > T::splat(0.0) { v } else { v * slope });
    }
}

/// [`positive`] on plain numbers.
pub(crate) fn positive_plainly<T: Element>(x: &[T], words: &mut [u64]) {
    for (x, word) in x.chunks(64).zip(words) {
        *word = x.iter().enumerate().fold(0, |word, (i, &v)| word | u64::from(v > T::splat(0.0)) << i);
    }
}

/// [`gate`] on plain numbers.
pub(crate) fn gate_plainly<T: Element>(x: &mut [T], words: &[u64], factors: [T; 2]) {
    for (x, &word) in x.chunks_mut(64).zip(words) {
        x.iter_mut().enumerate().for_each(|(i, v)| *v *= factors[(word >> i & 1) as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_multiplies_by_what_its_bit_says() {
        for len in [0, 1, 63, 64, 65, 50_001] {
            let x = Tensor::<f32>::from_fn([3, len], |i| (i as f32 * 0.77).sin());
            let (y, bits) = x.rectify(0.2);
            assert_eq!(y, x.map(|v| if v > 0.0 { v } else { v * 0.2 }));
            assert_eq!(bits, x.bits(|v| v > 0.0));
            assert_eq!(bits, x.positive());
            assert_eq!(bits, x.cast::<f64>().positive());
            assert_eq!(x.clone().gate(&bits, 1.0, 0.2), y);
            assert_eq!(x.cast::<f64>().rectify(0.2).1, bits);
        }
    }

    #[test]
    fn what_is_not_selected_leaves_no_trace() {
        for len in [0, 1, 63, 64, 65, 50_001] {
            let x = Tensor::<f32>::from_fn([len], |i| (i as f32 * 0.77).sin());
            let other = x.map(|v| if v > 0.0 { f32::NAN } else { 2.0 });
            assert_eq!(x.select(&other, &x.positive()), x.map(|v| if v > 0.0 { v } else { 2.0 }));
        }
    }
}
