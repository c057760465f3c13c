//! Whether the innermost loops come near the rate of fused multiply-adds that this machine has now: each should reach 85 % of
//! the peak that is measured beside it. Then what whole operations make of them, with packing, transforms and threads.
//! Prints, never fails: a busy machine proves nothing.
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::hint::black_box;
use std::time::Instant;

use impasto_tensor::conv::{Algorithm, Slot, Window};
use impasto_tensor::{Conv2d, OrPanic, Random, Shape, Tensor, rate, simd};

/// The share of the peak that an innermost loop should reach.
const FLOOR: f64 = 0.85;

fn noise(stream: u64, shape: impl Into<Shape>) -> Tensor {
    Random::new(0, stream).normal(shape, 0.0, 1.0)
}

/// The best rate of several runs of `work`, in GFLOP/s, beside the peak before and behind them.
fn report(name: &str, flops: f64, work: impl Fn() -> Tensor) {
    const RUNS: usize = 15;
    let before = rate::fma_peak();
    let seconds = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed().as_secs_f64()
    };
    let best = (0..RUNS).map(seconds).fold(f64::INFINITY, f64::min);
    let share = flops / best / 1e9 / before.max(rate::fma_peak());
    println!("{name:<44} {:>7.1} GFLOP/s  {share:.2} of peak", flops / best / 1e9);
}

fn loops() {
    let before = rate::fma_peak();
    let rates = rate::kernel_rates();
    let peak = before.max(rate::fma_peak());
    for (name, rate) in rates {
        let share = rate / peak;
        let verdict = if share >= FLOOR { "reaches the floor" } else { "BELOW the floor" };
        println!("{:<44} {rate:>7.1} GFLOP/s  {share:.2} of peak  {verdict}", format!("innermost loop: {name}"));
    }
}

fn main() {
    println!("level {}, floor {FLOOR}", simd::level());
    loops();
    let (m, k, n) = (768, 512, 768);
    let (a, b) = (noise(1, [m, k]), noise(2, [k, n]));
    report("sgemm 768x512x768", 2.0 * (m * k * n) as f64, || a.matmul(&b));

    // Products of the sizes that Winograd convolutions have, one for each of the 36 points of a tile; packing included, which
    // those do without.
    let (places, outputs, channels, tiles) = (36, 128, 128, 1024);
    let (u, v) = (noise(3, [places, outputs, channels]), noise(4, [places, channels, tiles]));
    report("36 products of 128x128x1024", 2.0 * (places * outputs * channels * tiles) as f64, || u.matmul(&v));

    let (x, w) = ([8, 128, 32, 32], [128, 128, 3, 3]);
    let conv = Conv2d::new(&x, &w, Window::new(1, 1)).or_panic();
    let (x, y) = (noise(5, x), noise(6, conv.shape(Slot::Y)));
    let flops = 2.0 * (y.len() * 128 * 9) as f64;
    report("direct weight gradient n8 128->128 k3 32px", flops, || conv.leave_by(Algorithm::Direct, Slot::W, &y, &x));
}
