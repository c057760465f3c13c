//! Pictures enlarged by a whole factor.

use impasto_tensor::{Element, Taps, Upsample};

use crate::ops::resample;
use crate::var::Var;

/// The picture enlarged, by repetition or bilinearly.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, F H, F W]`
///
/// # Gradient
/// `g` summed over what each place was spread to
#[track_caller]
pub fn upsample2d<T: Element>(x: &Var<T>, factor: usize, how: Upsample) -> Var<T> {
    assert!(x.shape().len() == 4, "upsample2d: expected [N, C, H, W], got {:?}", x.shape());
    let rows = resample(x, 2, &Taps::upsample(x.shape()[2], factor, how));
    resample(&rows, 3, &Taps::upsample(x.shape()[3], factor, how))
}
