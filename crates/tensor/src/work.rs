//! How much arithmetic was asked for: the additions and multiplications of products and convolutions.
//!
//! Counted as the direct method needs them, whatever the method used was, so that the number says how large a network is and
//! not how it was computed.

use std::sync::atomic::{AtomicU64, Ordering};

static MULTIPLY_ADDS: AtomicU64 = AtomicU64::new(0);

/// Additions and multiplications of matrix products, Gram matrices and convolutions since the program began; those that are
/// asked for by an algorithm of choice ([`Conv2d::leave_by`](crate::Conv2d::leave_by)) are not among them.
///
/// ```
/// use impasto_tensor::{Tensor, work};
/// let a = Tensor::<f32>::ones([2, 3]);
/// let before = work::flops();
/// let _ = a.matmul(&Tensor::ones([3, 5]));
/// assert!(work::flops() - before >= 2 * 2 * 3 * 5);
/// ```
pub fn flops() -> u64 {
    2 * MULTIPLY_ADDS.load(Ordering::Relaxed)
}

/// Adds multiplications, each with its addition.
pub(crate) fn count(multiply_adds: usize) {
    MULTIPLY_ADDS.fetch_add(multiply_adds as u64, Ordering::Relaxed);
}
