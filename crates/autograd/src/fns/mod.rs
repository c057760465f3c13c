//! Composites: functions of the primitive operations, with no rule of their own. Indices, masks and shifts computed from
//! values are data; given them everything here is smooth or linear.
//!
//! Every function has a row in `composites!`, which checks its gradient like an operation's.

mod activations;
mod adaptive_pool;
mod attention;
mod cosine_similarity;
mod cross_entropy;
mod cumulative;
mod einsum;
mod embedding;
mod grid_sample;
mod hinge;
mod indexing;
mod lengths;
mod losses;
mod modulated_conv;
mod norms;
mod pad;
mod parts;
mod piecewise;
mod pixel_shuffle;
mod planes;
mod pool;
mod powers;
mod quotient;
mod rearrange;
mod rectifiers;
mod resize;
mod rows;
mod softmax;
mod spectral_norm;
mod sqrtm;
mod total_variation;
mod unfold;
mod upfirdn;
mod upsample;
mod upsample_conv;
mod variance;

pub use activations::{elu, gelu, gelu_tanh, silu};
pub use adaptive_pool::{adaptive_avg_pool2d, adaptive_max_pool2d};
pub use attention::scaled_dot_product_attention;
pub use cosine_similarity::cosine_similarity;
pub use cross_entropy::{cross_entropy_smoothed, soft_cross_entropy};
pub use cumulative::{cumsum, prod_axes};
pub use einsum::einsum;
pub use embedding::embedding;
pub use grid_sample::{affine_grid, grid_sample};
pub use hinge::{hinge, hinge_generator};
pub use indexing::{index_select, scatter_add_along, take_along};
pub use lengths::norm_axes;
pub use losses::{huber, l1, logistic, mse, smooth_l1};
pub use modulated_conv::modulated_conv2d;
pub use norms::{layer_norm, pixel_norm};
pub use pad::{Padding, pad, pad2d};
pub use parts::{chunk, slice, split, stack};
pub use piecewise::{clamp, maximum, minimum, sign};
pub use pixel_shuffle::{pixel_shuffle, pixel_unshuffle};
pub use pool::{AvgPool, avg_pool2d, avg_pool2d_padded, l2_pool2d, max_pool2d};
pub use powers::{powf, rsqrt, square};
pub use quotient::div;
pub use rearrange::{flip, repeat_interleave, roll, tile};
pub use rectifiers::{abs, dropout, leaky_relu, relu};
pub use resize::resize2d;
pub use rows::{logsumexp_axes, max_axes, min_axes};
pub use softmax::{log_softmax, logsumexp, softmax};
pub use spectral_norm::{SingularVectors, spectral_norm};
pub use sqrtm::{inv_sqrtm, sqrtm};
pub use total_variation::total_variation;
pub use unfold::{fold, unfold};
pub use upfirdn::upfirdn2d;
pub use upsample::upsample2d;
pub use upsample_conv::upsample_conv2d;
pub use variance::{std_axes, var_axes};

use impasto_tensor::conv::Window;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Interpolation, Random, Tensor, Upsample};

use crate::gradcheck::Composite;
use crate::ops;
use crate::var::Var;

/// A row: name, shapes of the inputs, the interval they are drawn from, and the function of all of them.
macro_rules! composites {
    ($($name:ident [$($shape:expr),+] $range:expr, |$x:ident| $body:expr;)+) => {
        /// Every composite, with what its check needs.
        pub(crate) static TABLE: &[Composite] = &[$(Composite {
            name: stringify!($name),
            shapes: &[$(&$shape),+],
            range: $range,
            function: |$x: &[Var<f64>]| $body,
        }),+];

        #[cfg(test)]
        mod checks {
            $(#[test]
            fn $name() {
                let row = super::TABLE.iter().find(|c| c.name == stringify!($name)).expect("a row of its own");
                row.check(3).unwrap();
            })+
        }
    };
}

const UNIT: [f64; 2] = [-1.0, 1.0];

composites! {
    abs [[3, 4]] UNIT, |x| abs(&x[0]);
    adaptive_avg_pool2d [[1, 2, 5, 4]] UNIT, |x| adaptive_avg_pool2d(&x[0], [3, 6]);
    adaptive_max_pool2d [[1, 2, 5, 4]] UNIT, |x| adaptive_max_pool2d(&x[0], [2, 3]);
    affine_grid [[2, 2, 3]] UNIT, |x| affine_grid(&x[0], [2, 3], false);
    avg_pool2d [[1, 2, 5, 4]] UNIT, |x| avg_pool2d(&x[0], 2, 2);
    avg_pool2d_padded [[1, 2, 5, 4]] UNIT, |x| avg_pool2d_padded(&x[0], AvgPool { kernel: 3, stride: 2, padding: 1, count_padding: false });
    batch_norm [[3, 2, 2, 2], [2], [2]] UNIT, |x| ops::batch_norm(&x[0], &x[1], &x[2], 1e-5, 0.2).0;
    chunk [[2, 6]] UNIT, |x| chunk(&x[0], 1, 3).swap_remove(1);
    clamp [[3, 4]] UNIT, |x| clamp(&x[0], -0.4, 0.6);
    conv2d_act [[2, 3, 4, 5], [2, 3, 3, 3], [2]] UNIT, |x| ops::conv2d_act(&x[0], &x[1], Some(&x[2]), Window::new(1, 1), 0.2);
    conv_transpose2d [[2, 3, 3, 2], [3, 2, 4, 4]] UNIT, |x| ops::conv_transpose2d(&x[0], &x[1], Window::new(2, 1), [1, 0]);
    conv_transpose2d_act [[2, 3, 3, 2], [3, 2, 4, 4], [2]] UNIT, |x| ops::conv_transpose2d_act(&x[0], &x[1], Some(&x[2]), Window::new(2, 1), [1, 0], 0.2);
    cosine_similarity [[3, 4], [3, 4]] UNIT, |x| cosine_similarity(&x[0], &x[1], 1);
    cross_entropy_smoothed [[3, 4]] UNIT, |x| cross_entropy_smoothed(&x[0], &[2, 0, 2], 0.1);
    cumsum [[2, 5, 2]] UNIT, |x| cumsum(&x[0], 1);
    div [[3, 4], [4]] [0.5, 2.0], |x| div(&x[0], &x[1]);
    dropout [[3, 4]] UNIT, |x| dropout(&x[0], 0.4, &mut Random::new(1, 0));
    einsum [[2, 3, 3], [3, 2], [2, 4]] UNIT, |x| einsum("bii,ij,bk->kj", &[&x[0], &x[1], &x[2]]);
    elu [[3, 4]] UNIT, |x| elu(&x[0], 1.5);
    embedding [[4, 3]] UNIT, |x| embedding(&x[0], &[2, 0, 2, 2, 3]);
    flip [[2, 3, 2]] UNIT, |x| flip(&x[0], &[0, 1]);
    fold [[1, 8, 4]] UNIT, |x| fold(&x[0], [3, 4], [2, 2], Window { dilation: [1, 2], ..Window::new(2, 1) });
    gelu [[3, 4]] [-2.0, 2.0], |x| gelu(&x[0]);
    gelu_tanh [[3, 4]] [-2.0, 2.0], |x| gelu_tanh(&x[0]);
    grid_sample [[2, 2, 3, 4], [2, 2, 3, 2]] UNIT, |x| grid_sample(&x[0], &(&x[1] * 1.5), Padding::Zero, false);
    group_norm [[2, 4, 2, 2], [4], [4]] UNIT, |x| ops::group_norm(&x[0], 2, &x[1], &x[2], 1e-5, 0.2);
    hinge [[3, 4]] [-2.0, 2.0], |x| hinge(&x[0], true) + hinge(&x[0], false) * 0.5;
    hinge_generator [[5]] UNIT, |x| hinge_generator(&x[0]);
    huber [[3, 4], [3, 4]] UNIT, |x| huber(&x[0], &x[1], 0.4);
    index_select [[2, 4]] UNIT, |x| index_select(&x[0], 1, &[3, 0, 3]);
    instance_norm [[2, 2, 3, 2], [2], [2]] UNIT, |x| ops::instance_norm(&x[0], &x[1], &x[2], 1e-5, 0.0);
    inv_sqrtm [[3, 3]] UNIT, |x| inv_sqrtm(&(einsum("ij,kj->ik", &[&x[0], &x[0]]) + Var::constant(Tensor::eye(3))));
    l1 [[3, 4], [4]] UNIT, |x| l1(&x[0], &x[1]);
    l2_pool2d [[1, 2, 4, 4]] UNIT, |x| l2_pool2d(&x[0], 2, 2);
    layer_norm [[2, 3, 4], [3, 4], [3, 4]] UNIT, |x| layer_norm(&x[0], &x[1], &x[2], 1e-5);
    leaky_relu [[3, 4]] UNIT, |x| leaky_relu(&x[0], 0.2);
    log_softmax [[3, 4]] [-3.0, 3.0], |x| log_softmax(&x[0]);
    logistic [[5]] [-3.0, 3.0], |x| logistic(&x[0], true) + logistic(&x[0], false);
    logsumexp [[3, 4]] [-3.0, 3.0], |x| logsumexp(&x[0]);
    logsumexp_axes [[2, 3, 2]] [-3.0, 3.0], |x| logsumexp_axes(&x[0], &[0, 2]);
    max_axes [[2, 3, 4]] UNIT, |x| max_axes(&x[0], &[0, 2]);
    max_pool2d [[1, 2, 5, 5]] UNIT, |x| max_pool2d(&x[0], MaxPool { kernel: 3, stride: 2, padding: 0, ceil: true });
    maximum [[3, 4], [4]] UNIT, |x| maximum(&x[0], &x[1]);
    mean [[3, 4]] UNIT, |x| ops::mean(&x[0]);
    mean_axes [[2, 3, 4]] UNIT, |x| ops::mean_axes(&x[0], &[0, 2]);
    min_axes [[2, 3, 4]] UNIT, |x| min_axes(&x[0], &[1]);
    minimum [[3, 1], [3, 4]] UNIT, |x| minimum(&x[0], &x[1]);
    modulated_conv2d [[2, 2, 3, 3], [2, 2, 2, 2], [2, 2]] [0.5, 1.5], |x| modulated_conv2d(&x[0], &x[1], &x[2], Window::new(1, 0), 1e-8);
    mse [[3, 4], [3, 4]] UNIT, |x| mse(&x[0], &x[1]);
    norm_axes [[2, 3, 2]] UNIT, |x| norm_axes(&x[0], 1.0, &[0]) + norm_axes(&x[0], 2.0, &[0]) + norm_axes(&x[0], 3.0, &[0]);
    pad [[2, 3]] UNIT, |x| pad(&x[0], Padding::Circular, &[[1, 0], [2, 1]]);
    pad2d [[1, 2, 4, 3]] UNIT, |x| pad2d(&x[0], Padding::Reflect, [[2, 1], [0, 2]]);
    pixel_norm [[2, 3, 2, 2]] UNIT, |x| pixel_norm(&x[0], 1e-2);
    pixel_shuffle [[1, 8, 1, 2]] UNIT, |x| pixel_shuffle(&x[0], 2);
    pixel_unshuffle [[1, 2, 2, 4]] UNIT, |x| pixel_unshuffle(&x[0], 2);
    powf [[3, 4], [4]] [0.4, 2.0], |x| powf(&x[0], &x[1]);
    prod_axes [[2, 3, 5]] UNIT, |x| prod_axes(&x[0], &[2, 0]);
    relu [[3, 4]] UNIT, |x| relu(&x[0]);
    repeat_interleave [[2, 3]] UNIT, |x| repeat_interleave(&x[0], 1, 2);
    resize2d [[1, 2, 3, 4]] UNIT, |x| resize2d(&x[0], [5, 3], Interpolation::Cubic { align_corners: false });
    roll [[2, 4]] UNIT, |x| roll(&x[0], 1, -3);
    rsqrt [[3, 4]] [0.4, 3.0], |x| rsqrt(&x[0]);
    scaled_dot_product_attention [[2, 2, 3], [2, 4, 3], [2, 4, 2], [2, 4]] UNIT, |x| scaled_dot_product_attention(&x[0], &x[1], &x[2], Some(&x[3]));
    scatter_add_along [[2, 3, 2]] UNIT, |x| scatter_add_along(&x[0], 1, &[0, 1, 1, 1, 0, 3, 2, 2, 3, 0, 3, 1], 4);
    sign [[3, 4]] UNIT, |x| sign(&x[0]);
    silu [[3, 4]] [-3.0, 3.0], |x| silu(&x[0]);
    slice [[2, 7]] UNIT, |x| slice(&x[0], 1, 1..6, 2);
    smooth_l1 [[3, 4], [3, 4]] UNIT, |x| smooth_l1(&x[0], &x[1], 0.5);
    soft_cross_entropy [[3, 4], [3, 4]] [0.1, 1.0], |x| soft_cross_entropy(&x[0], &x[1]);
    softmax [[3, 4]] [-3.0, 3.0], |x| softmax(&x[0]);
    spectral_norm [[2, 2, 3]] [0.5, 1.5], |x| spectral_norm(&x[0], &SingularVectors { left: Tensor::ones([2, 1]), right: Tensor::ones([6, 1]) });
    split [[5, 2]] UNIT, |x| split(&x[0], 0, &[1, 3, 1]).swap_remove(1);
    sqrtm [[3, 3]] UNIT, |x| sqrtm(&(einsum("ij,kj->ik", &[&x[0], &x[0]]) + Var::constant(Tensor::eye(3))));
    square [[3, 4]] UNIT, |x| square(&x[0]);
    stack [[2, 3], [2, 3]] UNIT, |x| stack(&[&x[0], &x[1]], 1);
    std_axes [[2, 3, 4]] UNIT, |x| std_axes(&x[0], &[0, 2], 1);
    sub [[2, 3], [3]] UNIT, |x| ops::sub(&x[0], &x[1]);
    sum_axes [[2, 3, 4]] UNIT, |x| ops::sum_axes(&x[0], &[1]);
    take_along [[2, 3, 2]] UNIT, |x| take_along(&x[0], 1, &[0, 2, 1, 1]);
    tile [[2, 3]] UNIT, |x| tile(&x[0], &[2, 3]);
    total_variation [[1, 3, 4, 5]] UNIT, |x| total_variation(&x[0]);
    transpose [[2, 3, 4]] UNIT, |x| ops::transpose(&x[0]);
    unfold [[1, 2, 3, 4]] UNIT, |x| unfold(&x[0], [2, 2], Window { dilation: [1, 2], ..Window::new(2, 1) });
    upfirdn2d [[1, 2, 4, 3]] UNIT, |x| upfirdn2d(&x[0], &[1.0, 3.0, 2.0, 1.0], [2, 1], Padding::Reflect);
    upsample2d [[1, 2, 3, 2]] UNIT, |x| upsample2d(&x[0], 2, Upsample::Linear);
    upsample_conv2d [[1, 2, 3, 2], [3, 2, 3, 3], [3]] UNIT, |x| upsample_conv2d(&x[0], &x[1], Some(&x[2]), Padding::Reflect);
    var_axes [[2, 3, 4]] UNIT, |x| var_axes(&x[0], &[1], 0);
}
