//! Attention: each query takes a mixture of the values whose keys are like it.

use impasto_tensor::{Element, MatMul};

use super::softmax;
use crate::ops::{add, affine, matmul, matmul_as};
use crate::var::Var;

/// y = softmax(q kᵀ / sqrt(D) + mask) v. The mask is added before the softmax: 0 lets a key pass, negative infinity shuts it
/// out, numbers between are a bias, which may be learned. Each query must be left a key.
///
/// # Shapes
/// `q` `[.., L, D]`, `k` `[.., S, D]`, `v` `[.., S, E]`, a mask that broadcasts with `[.., L, S] -> [.., L, E]`
///
/// # Gradient
/// through both products and the softmax
///
/// # Source
/// Vaswani et al., "Attention is all you need", 2017, equation 1.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn scaled_dot_product_attention<T: Element>(q: &Var<T>, k: &Var<T>, v: &Var<T>, mask: Option<&Var<T>>) -> Var<T> {
    let shapes = [q, k, v].map(|x| *x.shape());
    let [[.., _, depth], [.., keys, key_depth], [.., values, _]] = shapes.each_ref().map(|shape| &shape[..]) else {
        panic!("scaled_dot_product_attention: expected at least two axes each, got {shapes:?}");
    };
    assert!(
        depth == key_depth && keys == values,
        "scaled_dot_product_attention: expected [.., L, D], [.., S, D] and [.., S, E], got {shapes:?}"
    );
    let how = MatMul { transpose_a: false, transpose_b: true };
    let mut scores = affine(&matmul_as(how, q, k), 1.0 / (*depth as f64).sqrt(), 0.0);
    if let Some(mask) = mask {
        scores = add(&scores, mask);
    }
    matmul(&softmax(&scores), v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grad;
    use crate::ops::sum;
    use impasto_tensor::Tensor;

    #[test]
    fn keys_that_are_shut_out_take_no_part() {
        let counted = |shape| Var::param(Tensor::<f32>::from_fn(shape, |i| (i as f32 * 0.7).sin()));
        let (q, k, v) = (counted([2, 3]), counted([4, 3]), counted([4, 2]));
        let mask = Var::constant(Tensor::new([4], vec![0.0, 0.0, f32::NEG_INFINITY, f32::NEG_INFINITY]));
        let masked = scaled_dot_product_attention(&q, &k, &v, Some(&mask));
        let [k2, v2] = [&k, &v].map(|x| crate::ops::narrow(x, 0, 0, 2));
        let short = scaled_dot_product_attention(&q, &k2, &v2, None);
        assert!(masked.value().zip(short.value(), |a, b| (a - b).abs()).max_value() < 1e-6);
        for g in grad(&sum(&masked), &[&k, &v]) {
            assert!(g.all_finite());
            assert!(g.slice(2..4).data().iter().all(|&g| g == 0.0), "{g:?}");
        }
    }
}
