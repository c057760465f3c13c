//! Counter-based random numbers: a number is a function of (seed, stream, index), so the same seed gives the same
//! picture at any thread count, and a position in the stream is one integer that a checkpoint can hold.

mod normal;

use std::convert::Infallible;

use rand_core::TryRng;

use self::normal::{normal_pair, unit};
use crate::element::Element;
use crate::parallel::{self, GRAIN};
use crate::shape::Shape;
use crate::simd::vectorised;
use crate::tensor::Tensor;

/// Philox4x32-10: four 32-bit words for each 128-bit counter and 64-bit key, by ten rounds of multiplication.
///
/// # Source
/// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#[inline(always)]
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    for _ in 0..10 {
        let [hi0, lo0] = product(MULTIPLIERS[0], counter[0]);
        let [hi1, lo1] = product(MULTIPLIERS[1], counter[2]);
        counter = [hi1 ^ counter[1] ^ key[0], lo1, hi0 ^ counter[3] ^ key[1], lo0];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// The upper and the lower word of a product.
#[inline(always)]
fn product(a: u32, b: u32) -> [u32; 2] {
    let product = u64::from(a) * u64::from(b);
    [(product >> 32) as u32, product as u32]
}

/// The lower and the upper word.
#[inline(always)]
fn halves(v: u64) -> [u32; 2] {
    [v as u32, (v >> 32) as u32]
}

/// The stream that belongs to a name: a weight's initial values depend on its path and the seed, not on the order in
/// which layers are made.
///
/// # Source
/// FNV-1a, 64 bits (Fowler, Noll, Vo).
pub fn stream(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// A position in one stream of random numbers. Also a generator in the sense of `rand_core`, so it goes wherever one
/// of `rand`'s does.
///
/// ```
/// use impasto_tensor::{Random, Tensor};
/// let z: Tensor = Random::new(7, 0).normal([64, 100], 0.0, 1.0);
/// assert_eq!(z, Random::new(7, 0).normal([64, 100], 0.0, 1.0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    seed: u64,
    stream: u64,
    /// Words drawn so far.
    position: u64,
}

impl Random {
    /// The beginning of a stream.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { seed, stream, position: 0 }
    }

    /// How many 32-bit words have been drawn: with seed and stream, the whole state.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes to a position that [`position`](Random::position) gave.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
    }

    /// The next 32 bits.
    pub fn word(&mut self) -> u32 {
        let word = self.block(self.position / 4)[(self.position % 4) as usize];
        self.position += 1;
        word
    }

    /// Four words of the stream.
    #[inline(always)]
    fn block(&self, index: u64) -> [u32; 4] {
        let ([i0, i1], [s0, s1]) = (halves(index), halves(self.stream));
        philox([i0, i1, s0, s1], halves(self.seed))
    }

    /// A number in [0, 1), with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        unit(self.word(), self.word())
    }

    /// An integer below `n`.
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "below: there is no integer below 0");
        // The bias of one part in 2^53 / n is far below what any sample of pictures can show.
        (self.unit() * n as f64) as usize
    }

    /// The numbers `0..n` in random order.
    ///
    /// # Source
    /// Fisher and Yates, in Durstenfeld's form.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }

    /// Independent numbers, uniform in [`low`, `high`).
    pub fn uniform<T: Element>(&mut self, shape: impl Into<Shape>, low: f64, high: f64) -> Tensor<T> {
        self.pairs(shape.into(), 2, |words, out| fill_uniform(words, out, low, high))
    }

    /// Independent normal numbers.
    ///
    /// # Source
    /// Box and Muller, 1958.
    pub fn normal<T: Element>(&mut self, shape: impl Into<Shape>, mean: f64, deviation: f64) -> Tensor<T> {
        self.pairs(shape.into(), 4, |words, out| fill_normal(words, out, mean, deviation))
    }

    /// Numbers made two at a time, each two of four words. Tasks begin at the positions where the numbers before them end; of
    /// an odd number at the end, `last` words are drawn.
    fn pairs<T: Element>(
        &mut self,
        shape: Shape,
        last: u64,
        fill: impl Fn(&[[u32; 4]], &mut [[T; 2]]) + Sync + Send,
    ) -> Tensor<T> {
        let start = self.position;
        let at = |len: usize| start + 4 * (len / 2) as u64;
        let tensor = Tensor::build(shape, |out| {
            parallel::chunks(out, GRAIN, |task, out| {
                for (i, out) in out.chunks_mut(2 * PAIRS).enumerate() {
                    let (position, len) = (at(task * GRAIN + i * 2 * PAIRS), out.len().div_ceil(2));
                    let (mut blocks, mut pairs) = ([[0; 4]; PAIRS + 1], [[T::splat(0.0); 2]; PAIRS]);
                    // One block more: the words may begin within the first.
                    fill_blocks(self, position / 4, &mut blocks[..=len]);
                    let words = &blocks.as_flattened()[(position % 4) as usize..];
                    fill(words.as_chunks().0, &mut pairs[..len]);
                    out.copy_from_slice(&pairs.as_flattened()[..out.len()]);
                }
            });
        });
        self.position = at(tensor.len()) + last * (tensor.len() % 2) as u64;
        tensor
    }
}

/// Pairs of numbers whose words are in the first cache together.
const PAIRS: usize = 256;

vectorised! {
    /// The blocks from the `first` on.
    fn fill_blocks[](random: &Random, first: u64, out: &mut [[u32; 4]]) -> () {
        for (i, out) in out.iter_mut().enumerate() {
            *out = random.block(first.wrapping_add(i as u64));
        }
    }

    fn fill_uniform[T: Element](words: &[[u32; 4]], out: &mut [[T; 2]], low: f64, high: f64) -> () {
        for (out, &[a, b, c, d]) in out.iter_mut().zip(words) {
            // What is rounded up to `high` would lie outside: one number of f32 in 30 million.
            let place = |u: f64| T::splat(low + (high - low) * u);
            let inside = |v: T| if v < T::splat(high) { v } else { T::splat(low) };
            *out = [inside(place(unit(a, b))), inside(place(unit(c, d)))];
        }
    }

    fn fill_normal[T: Element](words: &[[u32; 4]], out: &mut [[T; 2]], mean: f64, deviation: f64) -> () {
        for (out, &words) in out.iter_mut().zip(words) {
            let [a, b] = normal_pair(words);
            *out = [T::splat(mean + deviation * a), T::splat(mean + deviation * b)];
        }
    }
}

impl TryRng for Random {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.word()) | u64::from(self.word()) << 32)
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(4) {
            chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_test_vectors() {
        // kat_vectors of the authors' Random123.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]);
    }

    #[test]
    fn a_position_can_be_left_and_found_again() {
        let mut a = Random::new(3, 9);
        let _: Tensor = a.normal([5], 0.0, 1.0);
        let mut b = Random::new(3, 9);
        b.seek(a.position());
        assert_eq!(a.word(), b.word());
    }

    #[test]
    fn tensors_hold_the_numbers_drawn_one_by_one() {
        for (skip, len) in [(0, 40_001), (1, 7), (2, 20_000), (3, 1), (0, 0)] {
            let mut random = Random::new(3, 9);
            for _ in 0..skip {
                random.word();
            }
            let mut one_by_one = random.clone();
            let x: Tensor<f64> = random.uniform([len], 0.0, 1.0);
            assert!(x.data().iter().all(|&v| v == one_by_one.unit()));
            assert_eq!(random, one_by_one);
            let z: Tensor<f64> = random.normal([len], 0.0, 1.0);
            let pairs: Vec<[f64; 2]> = (0..len.div_ceil(2)).map(|_| [one_by_one.unit(), one_by_one.unit()]).collect();
            for (z, [u, v]) in z.data().chunks(2).zip(pairs) {
                let (radius, angle) = ((-2.0 * (1.0 - u).ln()).sqrt(), std::f64::consts::TAU * v);
                for (&z, want) in z.iter().zip([angle.cos(), angle.sin()]) {
                    assert!((z - radius * want).abs() < 1e-14);
                }
            }
            assert_eq!(random, one_by_one);
        }
    }

    #[test]
    fn normal_numbers_have_the_moments_of_a_normal_distribution() {
        let n = 200_000;
        let x: Tensor<f64> = Random::new(1, 2).normal([n], 0.0, 1.0);
        let moment = |p: i32| x.map(|v| v.powi(p)).mean();
        assert!(moment(1).abs() < 0.01 && (moment(2) - 1.0).abs() < 0.02);
        assert!(moment(3).abs() < 0.04 && (moment(4) - 3.0).abs() < 0.1);
    }

    #[test]
    fn a_permutation_holds_every_index_once() {
        let mut order = Random::new(0, 0).permutation(1000);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }
}
