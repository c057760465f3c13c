//! One bit for each element: what a ReLU, a dropout or a clamp remembers of its input.

use std::sync::Arc;

use crate::element::Element;
use crate::parallel::{self, GRAIN};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// A yes or no for every element of a tensor, 64 to a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    shape: Shape,
    words: Arc<[u64]>,
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
        Bits { shape: *self.shape(), words: words.into() }
    }

    /// Every element times `on` where its bit is set, times `off` where not.
    ///
    /// # Panics
    /// If the bits belong to another shape.
    #[track_caller]
    pub fn gate(&self, bits: &Bits, on: f64, off: f64) -> Self {
        assert!(*self.shape() == bits.shape, "gate: bits of {:?} do not fit {:?}", bits.shape, self.shape());
        let factors = [T::splat(off), T::splat(on)];
        Self::build(*self.shape(), |out| {
            parallel::chunks(out, GRAIN, |task, out| {
                let start = task * GRAIN;
                let blocks = out.chunks_mut(64).zip(self.data()[start..].chunks(64));
                for ((out, x), &word) in blocks.zip(&bits.words[start / 64..]) {
                    for (i, (o, &v)) in out.iter_mut().zip(x).enumerate() {
                        *o = v * factors[(word >> i & 1) as usize];
                    }
                }
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_multiplies_by_what_its_bit_says() {
        let x = Tensor::<f32>::from_fn([3, 50_000], |i| (i as f32 * 0.77).sin());
        let y = x.gate(&x.bits(|v| v > 0.0), 1.0, 0.2);
        assert_eq!(y, x.map(|v| if v > 0.0 { v } else { v * 0.2 }));
    }
}
