//! What the machine could do: the measure of all that follows.

use std::hint::black_box;
use std::time::Instant;

use impasto_tensor::{Tensor, rate, simd};
use serde_json::{Value, json};

/// What was found out before the first workload.
pub(super) struct Machine {
    /// The most multiplications and additions a second, in 10^9.
    pub(super) fma_peak: f64,
    /// Bytes read and written a second by a copy that no cache holds, in 10^9.
    copy: f64,
    pub(super) threads: usize,
    pub(super) simd: String,
}

impl Machine {
    pub(super) fn measure(threads: usize) -> Self {
        Self { fma_peak: rate::fma_peak(), copy: copy(), threads, simd: simd::level().to_string() }
    }

    pub(super) fn line(&self) -> String {
        let Self { fma_peak, copy, threads, simd } = self;
        format!("FMA peak {fma_peak:.1} GFLOP/s, copy {copy:.1} GB/s, threads {threads}, simd {simd}")
    }

    pub(super) fn json(&self) -> Value {
        let Self { fma_peak, copy, threads, simd } = self;
        json!({ "name": "fma_peak", "gflops": fma_peak, "copy_gb_s": copy, "threads": threads, "simd": simd })
    }
}

fn copy() -> f64 {
    const LEN: usize = 1 << 24;
    const TRIES: usize = 8;
    let x = Tensor::<f32>::zeros([LEN]);
    let rate = |_| {
        let start = Instant::now();
        black_box(x.map(|v| v));
        (2 * LEN * size_of::<f32>()) as f64 / start.elapsed().as_secs_f64() / 1e9
    };
    (0..TRIES).map(rate).fold(0.0, f64::max)
}
