//! The rate of the innermost loops, apart from packing, transforms and threads: register spills halve it unseen.

use std::hint::black_box;
use std::time::Instant;

use crate::gemm::tile::{DOTS, Lines, Operand, ROWS, Target, dots, product, strip};
use crate::memory::Buffer;
use crate::parallel;
use crate::simd::{self, Kernel, Vector};

/// A loop as its callers use it, with operands that fit a common second cache.
#[derive(Clone, Copy)]
enum Loop {
    /// `product` of panels, as in a matrix product.
    Panels,
    /// `product` of rows that lie apart, as in Winograd's weight gradient and in packed places.
    Apart,
    /// `dots`, as in the direct weight gradient.
    Dots,
}

/// Rows, inner length and columns.
const SIZE: [usize; 3] = [16 * ROWS, 128, 192];
/// An odd number of lines, as there.
const ROW: usize = 13 * 16;
/// Repetitions between two looks at the clock.
const TIMES: usize = 40;
/// Length of the inner products.
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
        let c = Target { at: self.c.as_mut_ptr(), stride: ROW, add: true, far: false };
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
                    let xs: [_; DOTS[0]] = std::array::from_fn(|i| pa.wrapping_add(i * (LENGTH + 16)));
                    // Neighbouring taps read the same plane, a place apart.
                    let ys: [_; DOTS[1]] = std::array::from_fn(|i| pb.wrapping_add(i));
                    let (xs, ys) = (Lines { at: xs, pitch: 0 }, Lines { at: ys, pitch: 0 });
                    // SAFETY: as above.
                    let sums = unsafe { dots::<V, _, _>([1, LENGTH / V::LANES], xs, ys) };
                    black_box(sums);
                }
            }
        }
        match self.which {
            Loop::Dots => 2 * TIMES * DOTS[0] * DOTS[1] * LENGTH,
            _ => 2 * TIMES * m * k * n,
        }
    }
}

/// Numbers of every operand.
const ROOM: usize = 64 * 1024;

fn filled(v: f32) -> Buffer<f32> {
    let mut numbers = Buffer::stale(ROOM);
    numbers.fill(v);
    numbers
}

/// Names and best rates, in GFLOP/s over the threads of the current pool, of the innermost loops that products and
/// convolutions spend their time in: to be held against [`fma_peak`](super::fma_peak).
pub fn kernel_rates() -> Vec<(&'static str, f64)> {
    const TRIES: usize = 30;
    let (a, b) = (filled(0.5), filled(0.25));
    [("panels", Loop::Panels), ("rows apart", Loop::Apart), ("inner products", Loop::Dots)]
        .into_iter()
        .map(|(name, which)| {
            let rate = |_| {
                let start = Instant::now();
                let done: usize = parallel::collect(parallel::threads(), |_| {
                    let mut c = filled(0.0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_their_operands_at_every_level() {
        let (a, b) = (filled(0.5), filled(0.25));
        for level in simd::available() {
            for which in [Loop::Panels, Loop::Apart, Loop::Dots] {
                let mut c = filled(0.0);
                simd::run_at(level, Spin { which, a: &a, b: &b, c: &mut c });
                let want = if matches!(which, Loop::Dots) { 0.0 } else { (TIMES * SIZE[1]) as f32 * 0.125 };
                for row in c.chunks(ROW).take(SIZE[0]) {
                    assert!(row[..SIZE[2]].iter().all(|&v| v == want), "{level}: {:?}, not {want}", &row[..8]);
                }
            }
        }
    }
}
