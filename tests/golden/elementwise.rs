//! Functions of each element, and reductions over axes, against PyTorch.

use impasto_autograd::{Var, fns, ops};
use impasto_tensor::{Bits, Tensor};

use super::functions::{agree, cases};

#[test]
fn functions_of_elements_and_reductions_agree_with_pytorch() {
    let table = cases! {
        abs |x| fns::abs(&x[0]);
        exp_m1 |x| ops::exp_m1(&x[0]);
        square |x| fns::square(&x[0]);
        rsqrt |x| fns::rsqrt(&x[0]);
        pow_fraction |x| ops::pow(&x[0], 2.5);
        pow_negative |x| ops::pow(&x[0], -1.7);
        pow_whole |x| ops::pow(&x[0], 3.0);
        pow_reciprocal |x| ops::pow(&x[0], -2.0);
        pow_at_zero |x| ops::pow(&x[0], 1.5) + ops::pow(&x[0], 2.0) + ops::pow(&x[0], 0.0);
        powf |x| fns::powf(&x[0], &x[1]);
        elu |x| fns::elu(&x[0], 1.3);
        silu |x| fns::silu(&x[0]);
        gelu |x| fns::gelu(&x[0]);
        gelu_tanh |x| fns::gelu_tanh(&x[0]);
        sign |x| fns::sign(&x[0]);
        clamp |x| fns::clamp(&x[0], -0.4, 0.8);
        clamp_below |x| fns::clamp(&x[0], -0.4, f64::INFINITY);
        maximum |x| fns::maximum(&x[0], &x[1]);
        minimum |x| fns::minimum(&x[0], &x[1]);
        maximum_broadcast |x| fns::maximum(&x[0], &x[1]);
        select |x| ops::select(every_third(), &x[0], &x[1]);
        var_axes |x| fns::var_axes(&x[0], &[0, 2], 1);
        var_axes_biased |x| fns::var_axes(&x[0], &[1], 0);
        std_axes |x| fns::std_axes(&x[0], &[0, 2], 1);
        std_axes_equal |x| fns::std_axes(&x[0], &[1], 0);
        max_axes |x| fns::max_axes(&x[0], &[0, 2]);
        max_axes_all |x| fns::max_axes(&x[0], &[0, 1, 2]);
        min_axes |x| fns::min_axes(&x[0], &[1]);
        prod_axes |x| fns::prod_axes(&x[0], &[1]);
        prod_axes_both |x| fns::prod_axes(&x[0], &[2, 0]);
        prod_axes_zeros |x| fns::prod_axes(&x[0], &[1]);
        logsumexp_axes |x| fns::logsumexp_axes(&x[0], &[0, 2]);
        logsumexp_axes_large |x| fns::logsumexp_axes(&x[0], &[0]);
        norm_axes_1 |x| fns::norm_axes(&x[0], 1.0, &[0, 2]);
        norm_axes_2 |x| fns::norm_axes(&x[0], 2.0, &[1]);
        norm_axes_3 |x| fns::norm_axes(&x[0], 3.5, &[1, 2]);
        norm_axes_infinity |x| fns::norm_axes(&x[0], f64::INFINITY, &[1]);
        norm_axes_1_of_zeros |x| fns::norm_axes(&x[0], 1.0, &[1]);
        norm_axes_2_of_zeros |x| fns::norm_axes(&x[0], 2.0, &[1]);
        norm_axes_3_of_zeros |x| fns::norm_axes(&x[0], 3.0, &[1]);
        cumsum_0 |x| fns::cumsum(&x[0], 0);
        cumsum_1 |x| fns::cumsum(&x[0], 1);
        cumsum_2 |x| fns::cumsum(&x[0], 2);
    };
    agree("elementwise.safetensors", table);
}

/// Bits of shape [3, 5], the first of every three set.
fn every_third() -> Bits {
    Tensor::<f64>::from_fn([3, 5], |i| (i % 3) as f64).bits(|v| v == 0.0)
}
