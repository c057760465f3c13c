//! Division.

use impasto_tensor::Element;

use crate::ops::{mul, recip};
use crate::var::Var;

/// y = a / b, broadcast.
///
/// # Gradient
/// `g / b` and `-g a / b^2`, summed back where an input was stretched
#[track_caller]
pub fn div<T: Element>(a: &Var<T>, b: &Var<T>) -> Var<T> {
    mul(a, &recip(b))
}
