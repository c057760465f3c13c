//! The rate of the innermost loops, apart from packing, transforms and threads: register spills halve it unseen.

use std::hint::black_box;
use std::time::Instant;

use super::tile::{Operand, ROWS, Target, dots, product, strip};
use crate::memory::Buffer;
use crate::parallel;
use crate::simd::{self, Kernel, Vector};

/// A loop as its callers use it, with operands that fit a common second cache.
#[derive(Clone, Copy)]
enum Loop {
    /// `product` of panels, as in a matrix product.
    Panels,
    /// `product` of rows that lie apart, as in minimal filtering.
    Apart,
    /// `dots`, as in the direct weight gradient.
    Dots,
}

/// Rows, inner length and columns.
const SIZE: [usize; 3] = [16 * ROWS, 128, 192];
/// An odd number of 64-byte lines, as minimal filtering has it.
const ROW: usize = 13 * 16;
/// Repetitions between two looks at the clock.
const TIMES: usize = 40;
/// Vectors on either side of the inner products, and their length.
const VECTORS: [usize; 2] = [4, 3];
const LENGTH: usize = 1024;

/// Multiply-adds of a loop on one thread, [`TIMES`] over.
struct Spin<'a> {
    which: Loop,
    a: &'a [f32],
    b: &'a [f32],
    c: &'a mut [f32],
}

impl Kernel for Spin<'_> {
    type Output = usize;
    #[inline(always)]
    #[allow(unsafe_code, reason = "the loops walk matrices by pointers")]
    fn run<V: Vector>(self) -> usize {
        let ([m, k, n], width) = (SIZE, strip::<V>());
        let (pa, pb) = (self.a.as_ptr(), self.b.as_ptr());
        let c = Target { at: self.c.as_mut_ptr(), stride: ROW, add: true };
        let (a, b) = match self.which {
            Loop::Panels => {
                let panel = |step| Operand { at: pa, step, panel: step * k };
                (panel(ROWS), Operand { at: pb, ..panel(width) })
            }
            _ => (Operand::plain(pa, ROW, ROWS), Operand::plain(pb, ROW, width)),
        };
        for _ in 0..TIMES {
            match self.which {
                // SAFETY: all three have `ROOM` numbers: more than any of these layouts reaches.
                Loop::Panels | Loop::Apart => unsafe { product::<V>(m, k, n, a, b, c) },
                Loop::Dots => {
                    let xs: [_; VECTORS[0]] = std::array::from_fn(|i| pa.wrapping_add(i * (LENGTH + 16)));
                    let ys: [_; VECTORS[1]] = std::array::from_fn(|i| pb.wrapping_add(i * (LENGTH + 16)));
                    // SAFETY: as above.
                    let sums = unsafe { dots::<V, { VECTORS[0] }, { VECTORS[1] }>(LENGTH / V::LANES, xs, ys) };
                    black_box(sums);
                }
            }
        }
        match self.which {
            Loop::Dots => 2 * TIMES * VECTORS[0] * VECTORS[1] * LENGTH,
            _ => 2 * TIMES * m * k * n,
        }
    }
}

/// Numbers of every operand.
const ROOM: usize = 64 * 1024;

/// Names and best rates, in GFLOP/s over the threads of the current pool, of the innermost loops that products and
/// convolutions spend their time in: to be held against [`fma_peak`](simd::fma_peak).
pub fn kernel_rates() -> Vec<(&'static str, f64)> {
    const TRIES: usize = 30;
    [("panels", Loop::Panels), ("rows apart", Loop::Apart), ("inner products", Loop::Dots)]
        .into_iter()
        .map(|(name, which)| {
            let rate = |_| {
                let start = Instant::now();
                let done: usize = parallel::collect(parallel::threads(), |_| {
                    let [mut a, mut b, mut c] = [(); 3].map(|()| Buffer::stale(ROOM));
                    a.fill(0.5);
                    b.fill(0.25);
                    c.fill(0.0);
                    (0..10).map(|_| simd::run(Spin { which, a: &a, b: &b, c: &mut c })).sum::<usize>()
                })
                .into_iter()
                .sum();
                done as f64 / start.elapsed().as_secs_f64() / 1e9
            };
            (name, (0..TRIES).map(rate).fold(0.0, f64::max))
        })
        .collect()
}
