//! The worst error of each vector function in units of the last place, at every level that the machine has: over every 16411th
//! input, in seconds, or every STEP-th. A STEP of 1 takes all 2^32 and most of an hour.
//!
//! `cargo run --release -p impasto-tensor --example 01_ulp [STEP]`

#![allow(clippy::print_stdout, reason = "an example prints")]

use impasto_tensor::simd::{available, force};
use impasto_tensor::{Formula, Lane, Tensor};

macro_rules! functions {
    ($($name:ident)*) => {
        $(#[allow(non_camel_case_types, reason = "named as the function")]
        struct $name;
        impl Formula for $name {
            fn at<L: Lane>(&self, x: L) -> L { x.$name() }
        })*
        fn measure_all(step: u64) {
            $(measure(stringify!($name), &$name, step);)*
        }
    };
}
functions! { exp ln ln_1p tanh sigmoid erf sin cos }

/// The distance in units of the last place of the true result; infinite if one is NaN or infinite and the other not.
fn ulps(got: f64, want: f64) -> f64 {
    let nearest = want as f32;
    if nearest.is_nan() || got.is_nan() {
        return if nearest.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if nearest.is_infinite() {
        return if got == f64::from(nearest) { 0.0 } else { f64::INFINITY };
    }
    let exponent = (want.abs().to_bits() >> 52).cast_signed() - 1023;
    (got - want).abs() / ((exponent.max(-126) - 23) as f64).exp2()
}

fn measure(name: &str, function: &impl Formula, step: u64) {
    const BLOCK: u64 = 1 << 20;
    let (mut worst, mut at) = (0.0, 0.0);
    for start in (0..1 << 32).step_by((BLOCK * step) as usize) {
        let inputs = BLOCK.min(((1 << 32) - start) / step);
        let x = Tensor::<f32>::from_fn([inputs as usize], |i| f32::from_bits((start + i as u64 * step) as u32));
        let got = x.map_by(function).cast::<f64>();
        let errors = got.zip(&x.cast().map_by(function), ulps);
        let error = errors.max_value();
        if error > worst {
            let place = errors.data().iter().position(|&e| e == error).unwrap_or(0);
            (worst, at) = (error, x.data()[place]);
        }
    }
    println!("  {name:8} {worst:.3} at {at:e}");
}

fn main() {
    let step = std::env::args().nth(1).map_or(16411, |s| s.parse().expect("a step"));
    for level in available() {
        force(level).expect("a level of this machine");
        println!("{level}:");
        measure_all(step);
    }
}
