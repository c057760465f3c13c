//! The length of a gradient, and its limit.

use crate::params::Gradients;

/// The norm of all gradients together: the root of the sum of the squares of all their numbers.
pub fn global_norm(gradients: &Gradients) -> f64 {
    gradients.values().map(|g| g.dot(g)).sum::<f64>().sqrt()
}

/// Shortens the gradients, all by one factor, so that their [`global_norm`] is `limit` at most, and returns what it was.
///
/// # Source
/// Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013, with the 1e-6 of PyTorch's
/// `clip_grad_norm_` in the denominator.
///
/// # Panics
/// Unless `limit > 0`.
#[track_caller]
pub fn clip_global_norm(gradients: &mut Gradients, limit: f64) -> f64 {
    assert!(limit > 0.0, "clip_global_norm: expected a limit above 0, got {limit}");
    let norm = global_norm(gradients);
    let factor = limit / (norm + 1e-6);
    if factor < 1.0 {
        for gradient in gradients.values_mut() {
            *gradient = gradient.map(|g| g * factor as f32);
        }
    }
    norm
}
