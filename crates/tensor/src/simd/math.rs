//! Functions of a vector, each one formula for every level.
//!
//! Worst errors in units of the last place (`cargo run --release -p impasto-tensor --example 01_ulp -- 31` measures them): over
//! every 31st input, and for `sigmoid` over all negative ones, none is above 2 with AVX2 or without. NaN stays NaN, infinities
//! and zeros go where they should, signed zeros included, and results below the smallest normal number are kept. The polynomials
//! are least-maximum-error fits over the intervals named beside them; constants that are subtracted as products are split into
//! parts short enough for the products to be exact, so nothing depends on a fused multiply-add.
//!
//! # Source
//! Cody and Waite, "Software manual for the elementary functions", 1980, for the reductions.

use std::f32::consts::{FRAC_2_PI, LOG2_E};

use super::vector::{MAX_LANES, Vector};

/// The polynomial with these coefficients, the constant one first.
#[inline(always)]
fn polynomial<V: Vector, const K: usize>(x: V, coefficients: [f32; K]) -> V {
    let mut sum = V::splat(coefficients[K - 1]);
    for &c in coefficients[..K - 1].iter().rev() {
        sum = sum.mul_add(x, V::splat(c));
    }
    sum
}

/// ln 2 = high + low, the first of 12 bits.
const LN_2: [f32; 2] = [0.693_115_23, 3.194_618_5e-5];

/// e^x
#[inline(always)]
pub(crate) fn exp<V: Vector>(x: V) -> V {
    // Outside, the result is 0 or infinite.
    let x = V::min(V::max(x, V::splat(-105.0)), V::splat(89.0));
    let n = V::round(x * V::splat(LOG2_E));
    let r = n.neg_mul_add(V::splat(LN_2[1]), n.neg_mul_add(V::splat(LN_2[0]), x));
    // (e^r - 1 - r) / r^2 for |r| up to ln(2) / 2
    let q = polynomial(r, [0.5, 0.166_665_18, 0.041_666_206, 0.008_368_898, 0.001_395_050_4]);
    let p = (r * r).mul_add(q, r) + V::splat(1.0);
    // 2^n in two steps: n reaches below the exponents of normal numbers, and to one above.
    let half = V::round(n * V::splat(0.5));
    p * V::exp2i(half) * V::exp2i(n - half)
}

/// ln(1 + f + c) + e ln 2 for `f` from -0.25 to 0.5 and a small correction `c`.
#[inline(always)]
fn ln_of_parts<V: Vector>(f: V, c: V, e: V) -> V {
    // (ln(1 + f) - f + f^2 / 2) / f^3
    let p = polynomial(
        f,
        [
            0.333_333_4,
            -0.250_001_64,
            0.199_996_05,
            -0.166_552_96,
            0.142_762_41,
            -0.127_277_85,
            0.117_006_54,
            -0.091_161_42,
            0.037_672_464,
        ],
    );
    let square = f * f;
    let small = (square * f).mul_add(p, square.neg_mul_add(V::splat(0.5), c)) + e * V::splat(LN_2[1]);
    // The large terms, and what rounding took from their sum.
    let large = e * V::splat(LN_2[0]);
    let sum = large + f;
    sum + (small + (f - (sum - large)))
}

/// What a logarithm gives for arguments that are not positive: -infinity at 0, NaN below and for NaN.
#[inline(always)]
fn ln_of_the_rest<V: Vector>(x: V) -> V {
    V::select_gt(V::zero(), x, V::splat(f32::NAN), x + V::splat(f32::NEG_INFINITY))
}

/// Natural logarithm.
#[inline(always)]
pub(crate) fn ln<V: Vector>(x: V) -> V {
    let normal = V::splat(f32::MIN_POSITIVE);
    let scaled = V::select_gt(normal, x, x * V::splat(8_388_608.0), x);
    let shift = V::select_gt(normal, x, V::splat(23.0), V::zero());
    let (m, e) = V::frexp(scaled);
    let y = ln_of_parts(m - V::splat(1.0), V::zero(), e - shift);
    let y = V::select_gt(x, V::splat(f32::MAX), x, y);
    V::select_gt(x, V::zero(), y, ln_of_the_rest(x))
}

/// ln(1 + x), to the last places near zero too.
#[inline(always)]
pub(crate) fn ln_1p<V: Vector>(x: V) -> V {
    let one = V::splat(1.0);
    let u = one + x;
    // What rounding took from 1 + x. Of a large x the sum is x, of a small one the 1; the difference is exact either way.
    let lost = V::select_gt(x, one, one - (u - x), x - (u - one));
    let (m, e) = V::frexp(u);
    let y = ln_of_parts(m - one, lost / u, e);
    let y = V::select_gt(x, V::splat(f32::MAX), x, V::copy_sign(y, x));
    V::select_gt(x, -one, y, ln_of_the_rest(u))
}

/// Hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh<V: Vector>(x: V) -> V {
    let a = V::abs(x);
    let s = a * a;
    // (tanh(a) / a - 1) / a^2 for a up to 0.625
    let p = polynomial(s, [-0.333_333_3, 0.133_332_1, -0.053_947_203, 0.021_702_968, -0.008_182_674, 0.002_147_537]);
    let near = (a * s).mul_add(p, a);
    let far = V::splat(1.0) - V::splat(2.0) / (exp(a + a) + V::splat(1.0));
    V::copy_sign(V::select_gt(a, V::splat(0.625), far, near), x)
}

/// 1 / (1 + e^-x), as e^x / (1 + e^x) below zero: relatively exact down to the smallest results.
#[inline(always)]
pub(crate) fn sigmoid<V: Vector>(x: V) -> V {
    let one = V::splat(1.0);
    let e = exp(-V::abs(x));
    let sum = one + e;
    let y = V::select_gt(V::zero(), x, e, one) / sum;
    // What rounding took from the sum, times the derivative; the reciprocal of the sum is 1 - y below zero, y above.
    let lost = e - (sum - one);
    (y * lost).neg_mul_add(V::select_gt(V::zero(), x, one - y, y), y)
}

/// The error function, 2 / sqrt(pi) times the integral of e^-t^2 from 0 to x.
#[inline(always)]
pub(crate) fn erf<V: Vector>(x: V) -> V {
    let a = V::abs(x);
    // erf(a) / a - 1 as a polynomial in a^2, for a up to 0.9
    let p = polynomial(
        a * a,
        [0.128_379_17, -0.376_126_35, 0.112_837_15, -0.026_860_509, 0.005_203_859, -8.175_639e-4, 8.513_102_5e-5],
    );
    let near = a.mul_add(p, a);
    // ln(1 - erf(a)) for a from 0.9 to 4, where the result becomes 1
    let q = polynomial(
        V::min(a, V::splat(4.0)),
        [
            8.398_134_4e-5,
            -1.128_967_9,
            -0.634_784_76,
            -0.106_120_46,
            0.023_078_32,
            -0.002_913_266_4,
            -7.052_178e-5,
            1.061_846_5e-4,
            -1.826_251e-5,
            1.135_800_9e-6,
        ],
    );
    let far = V::splat(1.0) - exp(q);
    V::copy_sign(V::select_gt(a, V::splat(0.9), far, near), x)
}

/// pi / 2 in parts of 12, 12, 12 and 24 bits.
const HALF_PI: [f32; 4] = [1.570_312_5, 4.837_513e-4, 7.549_533_6e-8, 2.563_344e-12];

/// Angles up to here are reduced on vectors; larger ones are rare and go one by one.
const FAR: f32 = 4096.0;

/// Sine of `quarters` right angles and x.
#[inline(always)]
fn turned<V: Vector>(x: V, quarters: f32) -> V {
    let n = V::round(x * V::splat(FRAC_2_PI));
    // r + low = x - n pi / 2; the products with the first three parts are exact.
    let part = |i: usize| n * V::splat(HALF_PI[i]);
    let (a, b, c) = (x - part(0), part(1), part(2));
    let r1 = a - b;
    let r = r1 - c;
    let low = n.neg_mul_add(V::splat(HALF_PI[3]), ((a - r1) - b) + ((r1 - r) - c));
    let s = r * r;
    // (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 for |r| up to pi / 4
    let sine = polynomial(s, [-0.166_666_55, 0.008_332_176, -1.951_697_6e-4]);
    let sine = (r * s).mul_add(sine, low) + r;
    let cosine = polynomial(s, [0.041_666_646, -0.001_388_736_4, 2.443_809e-5]);
    let cosine = (s * s).mul_add(cosine, r.neg_mul_add(low, V::splat(-0.5) * s)) + V::splat(1.0);
    // The right angles modulo 4, by the fractions of their halves and quarters.
    let n = n + V::splat(quarters);
    let fraction = |v: V| v - V::round(v);
    let odd = V::abs(fraction(n * V::splat(0.5)));
    let sign = fraction(n.mul_add(V::splat(0.25), V::splat(0.125)));
    V::select_gt(odd, V::splat(0.25), cosine, sine) * V::copy_sign(V::splat(1.0), sign)
}

#[inline(always)]
fn one_by_one<V: Vector>(x: V, f: impl Fn(f64) -> f64) -> V {
    let mut lanes = [0.0; MAX_LANES];
    x.to_slice(&mut lanes);
    for v in &mut lanes[..V::LANES] {
        *v = f(f64::from(*v)) as f32;
    }
    V::from_slice(&lanes)
}

/// `f(x)` for angles that are too large, else what is there: what a number becomes does not depend on its neighbours.
#[inline(always)]
fn far_apart<V: Vector>(x: V, near: V, f: impl Fn(f64) -> f64) -> V {
    let (a, far) = (V::abs(x), V::splat(FAR));
    if V::gt_bits(a, far) == 0 { near } else { V::select_gt(a, far, one_by_one(x, f), near) }
}

/// Sine of an angle in radians.
#[inline(always)]
pub(crate) fn sin<V: Vector>(x: V) -> V {
    let near = turned(V::abs(x), 0.0) * V::copy_sign(V::splat(1.0), x);
    far_apart(x, near, f64::sin)
}

/// Cosine of an angle in radians.
#[inline(always)]
pub(crate) fn cos<V: Vector>(x: V) -> V {
    far_apart(x, turned(V::abs(x), 1.0), f64::cos)
}

/// x to a constant power. The product of the exponent and a logarithm of f32 would lose places, so this goes one by one.
#[inline(always)]
pub(crate) fn powf<V: Vector>(x: V, exponent: f64) -> V {
    one_by_one(x, |x| x.powf(exponent))
}

#[cfg(test)]
mod tests {
    use super::super::{Kernel, Level, run_at};
    use super::*;
    use crate::Lane;
    use crate::lane::Lanes;

    /// One function, on vectors and on f64.
    trait Function: Copy {
        fn at<L: Lane>(x: L) -> L;
    }

    macro_rules! functions {
        ($($name:ident)*) => {
            $(#[derive(Clone, Copy)]
            #[allow(non_camel_case_types, reason = "named as the function")]
            struct $name;
            impl Function for $name {
                #[inline(always)]
                fn at<L: Lane>(x: L) -> L { x.$name() }
            })*

            #[test]
            fn no_function_errs_by_more_than_two_units_of_the_last_place() {
                for level in Level::ALL.into_iter().filter(|l| l.is_available()) {
                    $(check(level, stringify!($name), $name);)*
                }
            }
        };
    }
    functions! { exp ln ln_1p tanh sigmoid erf sin cos }

    #[allow(dead_code, reason = "the type carries the function")]
    struct Apply<F>(F, [f32; 16]);
    impl<F: Function> Kernel for Apply<F> {
        type Output = [f32; 16];
        #[inline(always)]
        fn run<V: Vector>(self) -> [f32; 16] {
            let mut out = [0.0; 16];
            for (x, out) in self.1.chunks(V::LANES).zip(out.chunks_mut(V::LANES)) {
                F::at(Lanes(V::from_slice(x))).0.to_slice(out);
            }
            out
        }
    }

    /// The distance of two results in units of the last place of the true one.
    fn ulps(got: f32, want: f64) -> f64 {
        let nearest = want as f32;
        if nearest.is_nan() || nearest.is_infinite() || nearest == 0.0 {
            let same = got.is_nan() && nearest.is_nan()
                || got.to_bits() == nearest.to_bits()
                // One unit beside an overflow or an underflow.
                || got.is_finite() && (f64::from(got) - want).abs() < 2e-45;
            return if same { 0.0 } else { f64::INFINITY };
        }
        let exponent = want.abs().log2().floor().max(-126.0);
        (f64::from(got) - want).abs() / (exponent - 23.0).exp2()
    }

    fn check<F: Function>(level: Level, name: &str, f: F) {
        // A prime stride visits every exponent with changing mantissas; then the special places.
        let strided = (0..=u32::MAX).step_by(10_007).map(f32::from_bits);
        let special = [0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::MIN, 1e-45];
        let edges = [89.0, 88.722_84, -87.4, -103.2, -103.98, -104.1, 0.625, 0.9, 3.95, 4.1, -0.999_999_9, 1e-8, 355.0];
        let inputs: Vec<f32> = strided.chain(special).chain(edges).collect();
        let mut worst = (0.0, 0.0, 0.0);
        for x in inputs.chunks(16) {
            let mut all = [0.0; 16];
            all[..x.len()].copy_from_slice(x);
            for (&x, got) in x.iter().zip(run_at(level, Apply(f, all))) {
                let error = ulps(got, F::at(f64::from(x)));
                if error > worst.0 {
                    worst = (error, x, got);
                }
            }
        }
        let (error, x, got) = worst;
        assert!(error <= 2.0, "{level} {name}({x:e}) = {got:e} errs by {error} units of the last place");
    }
}
