//! Norms of activations and of weights against PyTorch.

use impasto_autograd::Var;
use impasto_autograd::fns::{SingularVectors, layer_norm, modulated_conv2d, pixel_norm, spectral_norm};
use impasto_tensor::conv::Window;
use impasto_tensor::{Element, Tensor};

use super::functions::{agree, cases};

/// Two steps of power iteration from a left vector of ones.
fn after_two_steps<T: Element>(w: &Var<T>) -> SingularVectors<T> {
    SingularVectors { left: Tensor::ones([4, 1]), right: Tensor::ones([12, 1]) }.improved(w.value(), 2)
}

#[test]
fn norms_agree_with_pytorch() {
    agree(
        "norms.safetensors",
        cases! {
            layer_norm |x| layer_norm(&x[0], &x[1], &x[2], 1e-5);
            layer_norm_two_axes |x| layer_norm(&x[0], &x[1], &x[2], 1e-5);
            pixel_norm |x| pixel_norm(&x[0], 1e-8);
            spectral_norm |x| spectral_norm(&x[0], &after_two_steps(&x[0]));
            modulated_conv2d |x| modulated_conv2d(&x[0], &x[1], &x[2], Window::new(1, 1), 1e-8);
        },
    );
}
