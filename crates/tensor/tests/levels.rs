//! Kernels of one element at a time, at every level of vector instructions that the machine has, against f64. A binary of its
//! own, because forcing a level changes it for all threads.

#![allow(clippy::print_stdout, reason = "what is skipped is said aloud")]

use impasto_tensor::norm::Norm;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::simd::{Level, force};
use impasto_tensor::{Element, Formula, Lane, Random, Taps, Tensor, Upsample, update};

/// Every function of [`Lane`] that a network uses.
struct Everything;
impl Formula for Everything {
    fn at<L: Lane>(&self, x: L) -> L {
        let positive = x.clone().abs() + L::splat(0.1);
        let logs = positive.clone().ln() + positive.clone().ln_1p() + positive.sqrt();
        logs + x.clone().sin() * x.clone().cos() + x.clone().tanh() - x.clone().erf() * x.clone().exp() / x.sigmoid()
    }
}

fn wave<T: Element>(shape: &[usize], phase: f64) -> Tensor<T> {
    // Exact in f32, so that both types begin with the same numbers.
    Tensor::from_fn(shape, |i| T::splat(f64::from(((i as f64 * 0.37 + phase).sin() * 3.0) as f32)))
}

/// Formulas: functions of vectors, whose last places differ between levels.
fn formulas<T: Element>(len: usize) -> Vec<Tensor<T>> {
    let (x, mut g) = (wave::<T>(&[3, len], 0.0), wave::<T>(&[3, len], 1.0));
    g.scale_by(&x, &Everything);
    let (p, logs) = (x.softmax_rows(), x.log_softmax_rows());
    let h = wave::<T>(&[3, len], 2.0);
    let gradients = [p.softmax_rows_gradient(h.clone()), logs.log_softmax_rows_gradient(h)];
    let [sums, same] = [x.logsumexp_rows(), x.softmax_and_logsumexp_rows().1];
    assert_eq!(sums, same);
    [x.map_by(&Everything), g, p, logs, sums].into_iter().chain(gradients).collect()
}

/// Loops over plain numbers, whose bits are those of every level.
fn loops<T: Element>(len: usize) -> Vec<Tensor<T>> {
    let shape = [3, 2, 4, 2 * len];
    let [x, g, h] = [0.0, 1.0, 2.0].map(|phase| wave::<T>(&shape, phase));
    let (line, channel) = (wave(&[2 * len], 3.0), wave(&[2, 1, 1], 4.0));
    let mut all = vec![x.zip(&g, |a, b| a * b), x.zip(&line, |a, b| a - b), channel.zip(&x, |a, b| a + b)];
    all.extend([x.sum_axes(&[0, 2, 3]), x.sum_axes(&[0]), x.sum_axes(&[3]), x.mul_sum_to(&g, [2, 1, 1])]);
    all.extend([x.sum(), x.max_value(), T::splat(x.dot(&g))].map(Tensor::scalar));
    for (groups, slope) in [(None, 0.2), (Some(2), 0.0), (Some(1), 0.2)] {
        let norm = Norm { groups, eps: 1e-3, slope };
        let (gamma, beta) = (wave(&[2], 5.0), wave(&[2], 6.0));
        let (y, moments) = norm.run(&x, &gamma, &beta);
        let back = norm.backward(&x, &gamma, &beta, &moments, g.clone());
        all.extend([y, moments.mean, moments.scale, back.x, back.gamma, back.beta]);
    }
    let (y, bits) = x.rectify(0.2);
    all.extend([y, g.clone().gate(&bits, 1.0, 0.2)]);
    for (kernel, stride, padding) in [(2, 2, 0), (2, 2, 1), (3, 1, 0), (3, 1, 1), (3, 2, 0), (3, 2, 1)] {
        let pool = MaxPool { kernel, stride, padding, ceil: false };
        if pool.shape(x.shape()).is_ok() {
            let (y, places) = pool.run(&x);
            all.extend([places.spread(&y), y]);
        }
    }
    let double = Taps::upsample(2 * len, 2, Upsample::Nearest);
    let smooth = Taps::upsample(4, 3, Upsample::Linear);
    all.extend([x.resample(3, &double), x.resample(2, &smooth), x.resample(3, &Taps::average(2 * len, 2, 2))]);
    let mut random = Random::new(1, 2);
    all.extend([random.normal([len], 1.0, 2.0), random.uniform([len], -1.0, 1.0)]);
    let [mut w, mut m, mut v] = [x.clone(), g.clone(), h.map(|v| v * v)];
    update::Adam { betas: [0.9, 0.99], rate: 0.01, eps: 1e-3, keep: 0.999 }.step(&mut w, &h, &mut m, &mut v);
    update::Momentum { momentum: 0.9, rate: 0.1, decay: 0.01 }.step(&mut w, &h, &mut m);
    all.extend([w, m, v]);
    all
}

fn near(name: &str, got: &[Tensor<f32>], want: &[Tensor<f64>], bound: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert_eq!(got.shape(), want.shape());
        for (&g, &w) in got.data().iter().zip(want.data()) {
            assert!((f64::from(g) - w).abs() <= bound * (1.0 + w.abs()), "{name}, result {i}: {g}, not {w}");
        }
    }
}

#[test]
fn every_level_agrees_with_f64_and_plain_loops_agree_to_the_bit() {
    for len in [1, 2, 7, 8, 9, 17, 63, 65, 1000, 1029] {
        let (formula, plain) = (formulas::<f64>(len), loops::<f64>(len));
        force(Level::Base).expect("the level of every machine");
        let base = loops::<f32>(len);
        for level in Level::ALL {
            if force(level).is_err() {
                println!("skipped: this machine has no {level}");
                continue;
            }
            near(&format!("{level}, {len}, formulas"), &formulas(len), &formula, 5e-6);
            let got = loops::<f32>(len);
            near(&format!("{level}, {len}, loops"), &got, &plain, 2e-5);
            assert_eq!(got, base, "{level}");
        }
    }
}
