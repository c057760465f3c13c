//! The most that the machine can do: the measure that kernels are held against.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::parallel;
use crate::simd::{Kernel, Vector, run};

/// Independent chains of multiply-adds: enough to hide their latency, few enough to stay in registers.
const CHAINS: usize = 10;
/// Multiply-adds in one chain of a task.
const LENGTH: usize = 400_000;

struct Chains;
impl Kernel for Chains {
    type Output = (f32, usize);
    #[inline(always)]
    fn run<V: Vector>(self) -> (f32, usize) {
        let mut chains = [V::zero(); CHAINS];
        for (i, chain) in chains.iter_mut().enumerate() {
            // Unknown to the compiler: a chain that is seen to begin at 1 is seen to stay there, and left out.
            *chain = V::splat(black_box(i as f32));
        }
        let (factor, step) = (V::splat(0.999), V::splat(0.001));
        for _ in 0..LENGTH {
            for chain in &mut chains {
                *chain = chain.mul_add(factor, step);
            }
        }
        let mut total = V::zero();
        for chain in chains {
            total = total + chain;
        }
        let sum = total.sum();
        (sum, 2 * LENGTH * CHAINS * V::LANES)
    }
}

/// The best rate of fused multiply-adds seen in a few tries, in GFLOP/s (two for each multiply-add), over the threads of the
/// current pool.
pub fn fma_peak() -> f64 {
    // Long enough for every thread to wake up.
    const LONG: Duration = Duration::from_millis(50);
    let tasks = parallel::threads();
    let (begin, mut best) = (Instant::now(), 0.0_f64);
    while begin.elapsed() < LONG {
        let start = Instant::now();
        let done: usize = parallel::collect(tasks, |_| black_box(run(Chains)).1).into_iter().sum();
        best = best.max(done as f64 / start.elapsed().as_secs_f64() / 1e9);
    }
    best
}
