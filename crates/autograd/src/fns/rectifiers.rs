//! Functions that are straight on either side of a threshold: the side is data, the rest is a gate.

use impasto_tensor::{Element, Random};

use crate::ops::{gate, rectify};
use crate::var::Var;

/// y = max(x, 0)
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g` where `x > 0`, else 0
pub fn relu<T: Element>(x: &Var<T>) -> Var<T> {
    leaky_relu(x, 0.0)
}

/// y = x where x > 0, else slope x. A slope of 1 is the identity.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g` where `x > 0`, else `slope g`
///
/// # Source
/// Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
pub fn leaky_relu<T: Element>(x: &Var<T>, slope: f64) -> Var<T> {
    if slope.to_bits() == 1f64.to_bits() {
        return x.clone();
    }
    rectify(x, slope)
}

/// y = |x|
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// `g` where `x > 0`, `-g` where `x < 0`, 0 where `x = 0`
pub fn abs<T: Element>(x: &Var<T>) -> Var<T> {
    // The second gate is open but at 0, which the first one counts as negative.
    relu(&rectify(x, -1.0))
}

/// Each element is 0 with probability `p`, the others are divided by `1 - p`, so that the expectation stays.
///
/// # Shapes
/// any `->` the same
///
/// # Gradient
/// the same elements of `g`, divided by `1 - p`
///
/// # Source
/// Srivastava et al., "Dropout", 2014, in its inverted form.
///
/// # Panics
/// Unless `0 <= p < 1`.
#[track_caller]
pub fn dropout<T: Element>(x: &Var<T>, p: f64, random: &mut Random) -> Var<T> {
    assert!((0.0..1.0).contains(&p), "dropout: expected a probability below 1, got {p}");
    let kept = random.uniform::<T>(x.shape(), 0.0, 1.0).bits(|u| u >= T::splat(p));
    gate(x, kept, 1.0 / (1.0 - p), 0.0)
}
