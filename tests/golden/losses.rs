//! Losses, attention and embedding against PyTorch.

use impasto_autograd::{Var, fns};
use impasto_tensor::{Element, Tensor};

use super::functions::{agree, cases};

const LABELS: [u32; 3] = [3, 0, 3];

#[test]
fn losses_attention_and_embedding_agree_with_pytorch() {
    let table = cases! {
        mse |x| fns::mse(&x[0], &x[1]);
        l1 |x| fns::l1(&x[0], &x[1]);
        l1_equal |x| fns::l1(&x[0], &x[1]);
        huber |x| fns::huber(&x[0], &x[1], 0.7);
        smooth_l1 |x| fns::smooth_l1(&x[0], &x[1], 0.7);
        cosine_similarity |x| fns::cosine_similarity(&x[0], &x[1], 1);
        cosine_similarity_last |x| fns::cosine_similarity(&x[0], &x[1], 1);
        hinge_real |x| fns::hinge(&x[0], true);
        hinge_fake |x| fns::hinge(&x[0], false);
        hinge_generator |x| fns::hinge_generator(&x[0]);
        cross_entropy_smoothed |x| fns::cross_entropy_smoothed(&x[0], &LABELS, 0.2);
        cross_entropy_smoothed_large |x| fns::cross_entropy_smoothed(&x[0], &LABELS, 0.2);
        soft_cross_entropy |x| fns::soft_cross_entropy(&x[0], &x[1]);
        soft_cross_entropy_any_sum |x| fns::soft_cross_entropy(&x[0], &x[1]);
        attention |x| fns::scaled_dot_product_attention(&x[0], &x[1], &x[2], None);
        attention_bias |x| fns::scaled_dot_product_attention(&x[0], &x[1], &x[2], Some(&x[3]));
        attention_causal |x| fns::scaled_dot_product_attention(&x[0], &x[1], &x[2], Some(&causal(4)));
        embedding |x| fns::embedding(&x[0], &[2, 0, 5, 2, 2]);
    };
    agree("losses.safetensors", table);
}

/// The mask that shuts every query out from the keys behind it.
fn causal<T: Element>(len: usize) -> Var<T> {
    let behind = |i: usize| if i % len > i / len { f64::NEG_INFINITY } else { 0.0 };
    Var::constant(Tensor::from_fn([len, len], |i| T::splat(behind(i))))
}
