//! Milliseconds, median and best, of what is not a product: formulas, sums, norms, softmax, pooling and gates.
//!
//! `cargo bench -p impasto-tensor --bench elementwise [WORD]` runs the lines that contain the word.

#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::hint::black_box;
use std::time::Instant;

use impasto_tensor::norm::Norm;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Formula, Lane, Random, Taps, Tensor, Upsample, update};

macro_rules! formulas {
    ($($name:ident)*) => {
        $(#[allow(non_camel_case_types, reason = "named as the function")]
        struct $name;
        impl Formula for $name {
            #[inline]
            fn at<L: Lane>(&self, x: L) -> L { x.$name() }
        })*
    };
}
formulas! { exp ln tanh sigmoid erf sin }

struct Bench {
    word: String,
}

impl Bench {
    fn time<R>(&self, name: &str, mut work: impl FnMut() -> R) {
        const TIMES: usize = 15;
        if !name.contains(&self.word) {
            return;
        }
        black_box(work());
        let mut times: Vec<f64> = (0..TIMES)
            .map(|_| {
                let start = Instant::now();
                black_box(work());
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{name:36} median {:8.2}  best {:8.2}", times[TIMES / 2], times[0]);
    }

    fn formulas(&self) {
        let [a, b]: [Tensor; 2] = [0, 1].map(|stream| numbers(stream, &[16_000_000]));
        self.time("copy 16M", || a.map(|v| v));
        self.time("add 16M", || a.zip(&b, |a, b| a + b));
        let mut sum = a.map(|v| v);
        self.time("add 16M in place", || sum.zip_assign(&b, |a, b| a + b));
        self.time("exp 16M", || a.map_by(&exp));
        self.time("ln 16M", || a.map_by(&ln));
        self.time("tanh 16M", || a.map_by(&tanh));
        self.time("sigmoid 16M", || a.map_by(&sigmoid));
        self.time("erf 16M", || a.map_by(&erf));
        self.time("sin 16M", || a.map_by(&sin));
        self.time("sum 16M", || a.sum());
        self.time("dot 16M", || a.dot(&b));
        self.time("max 16M", || a.max_value());
        let small = a.slice(0..65_536);
        self.time("tanh 64k x100", || (0..100).map(|_| small.map_by(&tanh).len()).sum::<usize>());
        self.time("exp 64k x100", || (0..100).map(|_| small.map_by(&exp).len()).sum::<usize>());
        let (x, bias) = (numbers(2, &[64, 64, 64, 64]), numbers(3, &[64, 1, 1]));
        self.time("bias 64x64x64x64", || x.zip(&bias, |x, b| x + b));
        self.time("sum dims 0,2,3 of 64x64x64x64", || x.sum_axes(&[0, 2, 3]));
        self.time("sum dim 0 of 64x64x64x64", || x.sum_axes(&[0]));
        self.time("permute NCHW to NHWC", || x.permute(&[0, 2, 3, 1]));
        self.time("permute NHWC to NCHW", || x.permute(&[0, 3, 1, 2]));
    }

    fn norms(&self) {
        for (shape, per_picture) in [
            ([1, 32, 512, 512], true),
            ([1, 64, 256, 256], true),
            ([1, 128, 128, 128], true),
            ([64, 64, 32, 32], false),
            ([64, 128, 16, 16], false),
            ([64, 256, 8, 8], false),
            ([64, 512, 4, 4], false),
        ] {
            let groups = per_picture.then_some(shape[1]);
            let norm = Norm { groups, eps: 1e-5, slope: 0.0 };
            let c = [shape[1]];
            let (x, gamma, beta) = (numbers(0, &shape), numbers(1, &c), numbers(2, &c));
            self.time(&format!("norm {shape:?}"), || {
                let moments = norm.moments(&x);
                norm.forward(&x, &gamma, &beta, &moments)
            });
            let moments = norm.moments(&x);
            let (mut g, nothing) = (numbers(3, &shape), Tensor::scalar(0.0));
            self.time(&format!("norm backward {shape:?}"), || {
                let back = norm.backward(&x, &gamma, &beta, &moments, std::mem::replace(&mut g, nothing.clone()));
                g = back.x;
            });
        }
    }

    fn rows(&self) {
        let x = numbers(0, &[4096, 1000]);
        self.time("softmax 4096x1000", || x.softmax_rows());
        self.time("logsumexp 4096x1000", || x.logsumexp_rows());
        self.time("argmax 4096x1000", || x.argmax_rows());
    }

    fn updates(&self) {
        let [mut w, g, mut m, mut v] = [0, 1, 2, 3].map(|stream| numbers(stream, &[7_100_000]).map(|v| v * v));
        let adam = update::Adam { betas: [0.9, 0.999], rate: 1e-3, eps: 1e-8, keep: 1.0 };
        self.time("adam 7.1M", || adam.step(&mut w, &g, &mut m, &mut v));
        let momentum = update::Momentum { momentum: 0.9, rate: 1e-3, decay: 0.0 };
        self.time("momentum 7.1M", || momentum.step(&mut w, &g, &mut m));
        self.time("average 7.1M", || update::average(&mut m, &w, 0.999));
    }

    fn pictures(&self) {
        let x = numbers(0, &[16, 64, 128, 128]);
        let pool = MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false };
        self.time("max pool 2x2", || pool.run(&x).0);
        let (y, places) = pool.run(&x);
        self.time("max pool 2x2 backward", || places.spread(&y));
        let pool = MaxPool { kernel: 3, stride: 2, padding: 0, ceil: true };
        self.time("max pool 3x3", || pool.run(&x).0);
        let (y, places) = pool.run(&x);
        self.time("max pool 3x3 backward", || places.spread(&y));
        self.time("leaky relu 16M", || x.rectify(0.2).0);
        let (y, bits) = x.rectify(0.2);
        let mut g = y.map(|v| v);
        self.time("leaky relu 16M backward", || g = std::mem::replace(&mut g, y.slice(0..0)).gate(&bits, 1.0, 0.2));
        let halves = Taps::average(128, 2, 2);
        self.time("average pool 2x2", || x.resample(2, &halves).resample(3, &halves));
        let double = Taps::upsample(128, 2, Upsample::Nearest);
        self.time("nearest x2", || x.resample(2, &double).resample(3, &double));
        let frame = Taps::reflect(128, 1, 1);
        self.time("reflect 1", || x.resample(2, &frame).resample(3, &frame));
        self.time("random normal 1M", || Random::new(0, 0).normal::<f32>([1 << 20], 0.0, 1.0));
    }
}

fn numbers(stream: u64, shape: &[usize]) -> Tensor {
    Random::new(7, stream).uniform(shape, -3.0, 3.0)
}

fn main() {
    let word = std::env::args().skip(1).find(|a| !a.starts_with("--")).unwrap_or_default();
    let bench = Bench { word };
    bench.formulas();
    bench.norms();
    bench.rows();
    bench.updates();
    bench.pictures();
}
