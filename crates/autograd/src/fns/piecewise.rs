//! Functions put together of pieces. Which piece an element belongs to is data.

use impasto_tensor::{Element, Tensor};

use crate::ops::{add, affine, select};
use crate::var::Var;

/// y = 1 where x > 0, -1 where x < 0, 0 where x = 0.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// 0: the result is a constant
pub fn sign<T: Element>(x: &Var<T>) -> Var<T> {
    let zero = T::splat(0.0);
    let side = |v: T| match v {
        v if v > zero => T::splat(1.0),
        v if v < zero => T::splat(-1.0),
        v => v,
    };
    Var::constant(x.value().map(side))
}

/// y = x, but at least `low` and at most `high`. An infinite bound is none.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g` where `low <= x <= high`, so that what stands at a bound can leave it inwards; else 0
///
/// # Panics
/// Unless `low <= high`.
#[track_caller]
pub fn clamp<T: Element>(x: &Var<T>, low: f64, high: f64) -> Var<T> {
    assert!(low <= high, "clamp: expected two bounds in order, got {low} and {high}");
    let [low, high] = [low, high].map(T::splat);
    let bound = move |v: T| match v {
        v if v < low => low,
        v if v > high => high,
        v => v,
    };
    select(x.value().bits(move |v| low <= v && v <= high), x, &Var::constant(x.value().map(bound)))
}

/// y = the larger of a and b, broadcast. NaN if either is.
///
/// # Shapes
/// two that broadcast `->` what they broadcast to
///
/// # Gradient
/// `g` to the larger, half of it to each where they are equal
#[track_caller]
pub fn maximum<T: Element>(a: &Var<T>, b: &Var<T>) -> Var<T> {
    ahead("maximum", a, b, |a, b| a - b)
}

/// y = the smaller of a and b, broadcast. NaN if either is.
///
/// # Shapes
/// two that broadcast `->` what they broadcast to
///
/// # Gradient
/// `g` to the smaller, half of it to each where they are equal
#[track_caller]
pub fn minimum<T: Element>(a: &Var<T>, b: &Var<T>) -> Var<T> {
    ahead("minimum", a, b, |a, b| b - a)
}

/// a where its lead over b is positive, b where it is negative, and the mean where neither is.
#[track_caller]
fn ahead<T: Element>(op: &str, a: &Var<T>, b: &Var<T>, lead: fn(T, T) -> T) -> Var<T> {
    let (shape, zero) = (a.shape().broadcast(b.shape()), T::splat(0.0));
    assert!(shape.is_some(), "{op}: {:?} and {:?} do not broadcast", a.shape(), b.shape());
    let lead: Tensor<T> = a.value().zip(b.value(), lead);
    let mean = add(&affine(a, 0.5, 0.0), &affine(b, 0.5, 0.0));
    select(lead.positive(), a, &select(lead.bits(|v| v < zero), b, &mean))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fns::abs;
    use crate::grad;
    use crate::ops::sum;

    const INFINITY: f64 = f64::INFINITY;

    fn slope(f: impl Fn(&Var<f64>) -> Var<f64>, x: &[f64]) -> Vec<f64> {
        let x = Var::param(Tensor::new([x.len()], x.to_vec()));
        grad(&sum(&f(&x)), &[&x])[0].data().to_vec()
    }

    #[test]
    fn gradients_at_kinks_are_as_documented() {
        assert_eq!(slope(sign, &[-2.0, 0.0, 3.0]), [0.0, 0.0, 0.0]);
        assert_eq!(slope(abs, &[-2.0, 0.0, 3.0]), [-1.0, 0.0, 1.0]);
        assert_eq!(slope(|x| clamp(x, 0.0, 1.0), &[-1.0, 0.0, 0.5, 1.0, 2.0]), [0.0, 1.0, 1.0, 1.0, 0.0]);
        let ones = Var::constant(Tensor::ones([3]));
        assert_eq!(slope(|x| maximum(x, &ones), &[0.0, 1.0, 2.0]), [0.0, 0.5, 1.0]);
        assert_eq!(slope(|x| minimum(&ones, x), &[0.0, 1.0, 2.0]), [1.0, 0.5, 0.0]);
    }

    #[test]
    fn infinities_and_nan_stay_in_their_places() {
        let of = |x: &[f64]| Var::<f64>::constant(Tensor::new([x.len()], x.to_vec()));
        let a = of(&[INFINITY, INFINITY, -INFINITY, -INFINITY]);
        let b = of(&[INFINITY, -INFINITY, -INFINITY, 1.0]);
        assert_eq!(maximum(&a, &b).value().data(), [INFINITY, INFINITY, -INFINITY, 1.0]);
        assert_eq!(minimum(&a, &b).value().data(), [INFINITY, -INFINITY, -INFINITY, -INFINITY]);
        assert_eq!(clamp(&a, -1.0, INFINITY).value().data(), [INFINITY, INFINITY, -1.0, -1.0]);
        let nan = of(&[f64::NAN]);
        for y in [maximum(&nan, &a), minimum(&a, &nan), clamp(&nan, 0.0, 1.0), sign(&nan)] {
            assert!(y.value().data().iter().all(|v| v.is_nan()));
        }
    }
}
