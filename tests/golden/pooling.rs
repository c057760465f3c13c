//! Pooling against PyTorch: windows beyond the edges, and windows cut to a given size.

use impasto_autograd::Var;
use impasto_autograd::fns::{self, AvgPool};
use impasto_tensor::pool::MaxPool;

use super::functions::{agree, cases};

const fn average(kernel: usize, stride: usize, padding: usize, count_padding: bool) -> AvgPool {
    AvgPool { kernel, stride, padding, count_padding }
}

const fn max(kernel: usize, stride: usize, padding: usize, ceil: bool) -> MaxPool {
    MaxPool { kernel, stride, padding, ceil }
}

#[test]
fn pooling_agrees_with_pytorch() {
    agree(
        "pooling.safetensors",
        cases! {
            avg_pool2d |x| fns::avg_pool2d(&x[0], 3, 2);
            avg_pool2d_padded_counted |x| fns::avg_pool2d_padded(&x[0], average(3, 2, 1, true));
            avg_pool2d_padded_counted_4s3p2 |x| fns::avg_pool2d_padded(&x[0], average(4, 3, 2, true));
            avg_pool2d_padded_uncounted |x| fns::avg_pool2d_padded(&x[0], average(3, 2, 1, false));
            avg_pool2d_padded_uncounted_4s3p2 |x| fns::avg_pool2d_padded(&x[0], average(4, 3, 2, false));
            max_pool2d |x| fns::max_pool2d(&x[0], max(2, 2, 0, false));
            max_pool2d_2s2p1 |x| fns::max_pool2d(&x[0], max(2, 2, 1, false));
            max_pool2d_3s1p1 |x| fns::max_pool2d(&x[0], max(3, 1, 1, false));
            max_pool2d_3s2p1_ceil |x| fns::max_pool2d(&x[0], max(3, 2, 1, true));
            max_pool2d_5s1p2 |x| fns::max_pool2d(&x[0], max(5, 1, 2, false));
            adaptive_avg_pool2d |x| fns::adaptive_avg_pool2d(&x[0], [3, 2]);
            adaptive_avg_pool2d_larger |x| fns::adaptive_avg_pool2d(&x[0], [5, 3]);
            adaptive_avg_pool2d_global |x| fns::adaptive_avg_pool2d(&x[0], [1, 1]);
            adaptive_max_pool2d |x| fns::adaptive_max_pool2d(&x[0], [3, 2]);
            adaptive_max_pool2d_larger |x| fns::adaptive_max_pool2d(&x[0], [5, 3]);
            l2_pool2d |x| fns::l2_pool2d(&x[0], 2, 2);
            l2_pool2d_3s1 |x| fns::l2_pool2d(&x[0], 3, 1);
        },
    );
}
