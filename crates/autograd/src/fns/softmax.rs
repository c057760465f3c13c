//! Softmax over the last axis, and the functions around it. The shift that keeps them from overflowing is data: it cancels
//! in the value and in every derivative.

use impasto_tensor::Element;

use crate::kinds::Fuse;
use crate::op::apply;
use crate::ops::{LogSoftmax, Softmax, add, exp, ln, sub, sum_to};
use crate::var::Var;

/// y = ln of the sum of e^x over the last axis, which stays with length 1.
///
/// # Shapes
/// `[.., K] -> [.., 1]`
///
/// # Gradient
/// `g softmax(x)`
#[track_caller]
pub fn logsumexp<T: Element>(x: &Var<T>) -> Var<T> {
    let last = x.shape().len().checked_sub(1).expect("logsumexp: expected at least one axis");
    let shape = x.shape().with(last, 1);
    let shift = Var::constant(x.value().logsumexp_rows().reshape(shape));
    add(&ln(&sum_to(&exp(&sub(x, &shift)), shape)), &shift)
}

/// y = x - logsumexp(x)
///
/// # Shapes
/// `[.., K] -> [.., K]`
///
/// # Gradient
/// `g - softmax(x) sum(g)`
#[track_caller]
pub fn log_softmax<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Fuse(LogSoftmax), &[x])
}

/// y = e^x / sum of e^x over the last axis
///
/// # Shapes
/// `[.., K] -> [.., K]`
///
/// # Gradient
/// `y (g - sum(g y))`
#[track_caller]
pub fn softmax<T: Element>(x: &Var<T>) -> Var<T> {
    apply(Fuse(Softmax), &[x])
}
