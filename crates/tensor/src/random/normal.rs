//! Normal numbers from random bits, in plain arithmetic of f64: the compiler makes vectors of it, and as no function of a
//! system's library takes part, the numbers are the same at every level and on every machine.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, TAU};

/// Two independent normal numbers of mean 0 and deviation 1.
///
/// # Source
/// Box and Muller, "A note on the generation of random normal deviates", 1958.
#[inline(always)]
pub(crate) fn normal_pair([a, b, c, d]: [u32; 4]) -> [f64; 2] {
    // 1 - u lies in (0, 1]: the logarithm is finite.
    let radius = (-2.0 * ln(1.0 - unit(a, b))).sqrt();
    let [cos, sin] = direction(c, d);
    [radius * cos, radius * sin]
}

/// A number in [0, 1) from two words: 53 bits, exactly.
#[inline(always)]
pub(crate) fn unit(high: u32, low: u32) -> f64 {
    f64::from(high) * STEP + fine(low)
}

/// What one in the higher of two words is worth.
const STEP: f64 = 1.0 / (1u64 << 32) as f64;

/// What the lower of two words is worth, of which 21 bits are used.
#[inline(always)]
fn fine(low: u32) -> f64 {
    f64::from(low >> 11) * (1.0 / (1u64 << 53) as f64)
}

/// The sum of coefficient n times x^n.
#[inline(always)]
fn polynomial<const K: usize>(x: f64, coefficients: &[f64; K]) -> f64 {
    let mut sum = coefficients[K - 1];
    for &c in coefficients[..K - 1].iter().rev() {
        sum = sum * x + c;
    }
    sum
}

/// 2 / (2 n + 1): what is cut off stays below a unit of the last place for |s| up to 0.172.
const AREA_TANGENT: [f64; 11] = {
    let mut c = [2.0; 11];
    let mut n = 1;
    while n < c.len() {
        c[n] = 2.0 / (2 * n + 1) as f64;
        n += 1;
    }
    c
};

/// The natural logarithm of a positive normal number.
#[inline(always)]
fn ln(x: f64) -> f64 {
    // x = 2^e m with m from sqrt(1/2) to sqrt(2): counted from the lowest m, the exponent field changes just there.
    const LOWEST: u64 = FRAC_1_SQRT_2.to_bits();
    const ONE: u64 = 1f64.to_bits();
    let bits = x.to_bits() + (ONE - LOWEST);
    let e = f64::from((bits >> 52) as i32 - 1023);
    let m = f64::from_bits((bits & ((1 << 52) - 1)) + LOWEST);
    // ln m = 2 artanh s
    let s = (m - 1.0) / (m + 1.0);
    e * LN_2 + s * polynomial(s * s, &AREA_TANGENT)
}

/// (-1)^n / (2 n + `odd`)!
const fn alternating<const K: usize>(odd: usize) -> [f64; K] {
    let mut c = [1.0; K];
    let mut n = 1;
    while n < K {
        let k = 2 * n + odd;
        c[n] = -c[n - 1] / (k * (k - 1)) as f64;
        n += 1;
    }
    c
}

/// The series for |x| up to pi / 4, where the next terms are below a unit of the last place.
const COSINE: [f64; 9] = alternating(0);
const SINE: [f64; 8] = alternating(1);

/// Cosine and sine of [`unit`] turns.
#[inline(always)]
fn direction(high: u32, low: u32) -> [f64; 2] {
    const QUARTER: u32 = 1 << 30;
    // The nearest quarter, and the way from there, of up to half a quarter to both sides.
    let high = high.wrapping_add(QUARTER / 2);
    let (quarter, rest) = (high / QUARTER, (high % QUARTER) as i32 - (QUARTER / 2) as i32);
    let x = TAU * (f64::from(rest) * STEP + fine(low));
    let (cos, sin) = (polynomial(x * x, &COSINE), x * polynomial(x * x, &SINE));
    let [cos, sin] = if quarter % 2 == 0 { [cos, sin] } else { [-sin, cos] };
    let sign = if quarter < 2 { 1.0 } else { -1.0 };
    [sign * cos, sign * sin]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words whose bits vary, and those at the ends of all ranges.
    fn words() -> impl Iterator<Item = [u32; 2]> {
        let edges = [0, 1, 1 << 29, (1 << 29) - 1, 1 << 30, 1 << 31, 3 << 30, u32::MAX - 1, u32::MAX];
        let pairs = edges.into_iter().flat_map(move |a| edges.map(|b| [a, b]));
        pairs.chain((0..200_000u32).map(|i| [i.wrapping_mul(0x9E37_79B9), i.wrapping_mul(0x85EB_CA6B)]))
    }

    #[test]
    fn a_unit_is_made_of_53_bits() {
        for [a, b] in words() {
            let bits = u64::from(a) << 32 | u64::from(b);
            assert_eq!(unit(a, b), (bits >> 11) as f64 * 2f64.powi(-53));
        }
    }

    #[test]
    fn the_logarithm_errs_in_the_last_places_only() {
        for [a, b] in words() {
            // Numbers near 1, and of every size down to the smallest 1 - u.
            for x in [1.0 - unit(a, b), (1.0 - unit(a, b)) * 2f64.powi(-((a % 53) as i32))] {
                assert!((ln(x) - x.ln()).abs() <= 4.0 * f64::EPSILON * x.ln().abs(), "{x:e}: {} {}", ln(x), x.ln());
            }
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn directions_err_in_the_last_places_only() {
        for [a, b] in words() {
            let [cos, sin] = direction(a, b);
            // Of the fraction of the nearest quarter, whose angle is small and exact.
            let turns = unit(a, b);
            let quarter = (4.0 * turns).round();
            let (s, c) = (TAU * (turns - quarter / 4.0)).sin_cos();
            let want = [[c, s], [-s, c], [-c, -s], [s, -c]][quarter as usize % 4];
            for (got, want) in [cos, sin].into_iter().zip(want) {
                assert!((got - want).abs() <= 2.0 * f64::EPSILON * want.abs(), "{a:x} {b:x}: {got}, not {want}");
            }
        }
    }
}
