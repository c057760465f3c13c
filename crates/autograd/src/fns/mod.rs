//! Composites: functions of the primitive operations, with no rule of their own. Indices, masks and shifts computed from
//! values are data; given them everything here is smooth or linear.
//!
//! Every function has a row in `composites!`, which checks its gradient like an operation's.

mod einsum;
mod indexing;
mod losses;
mod pad;
mod parts;
mod pixel_shuffle;
mod pool;
mod quotient;
mod rearrange;
mod rectifiers;
mod softmax;
mod sqrtm;
mod total_variation;
mod unfold;
mod upsample;
mod upsample_conv;

pub use einsum::einsum;
pub use indexing::{index_select, scatter_add_along, take_along};
pub use losses::{logistic, mse};
pub use pad::{Padding, pad, pad2d};
pub use parts::{chunk, slice, split, stack};
pub use pixel_shuffle::{pixel_shuffle, pixel_unshuffle};
pub use pool::{avg_pool2d, max_pool2d};
pub use quotient::div;
pub use rearrange::{flip, repeat_interleave, roll, tile};
pub use rectifiers::{abs, dropout, leaky_relu, relu};
pub use softmax::{log_softmax, logsumexp, softmax};
pub use sqrtm::{inv_sqrtm, sqrtm};
pub use total_variation::total_variation;
pub use unfold::{fold, unfold};
pub use upsample::upsample2d;
pub use upsample_conv::upsample_conv2d;

use impasto_tensor::conv::Window;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Random, Tensor, Upsample};

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
                row.check().unwrap();
            })+
        }
    };
}

const UNIT: [f64; 2] = [-1.0, 1.0];

composites! {
    abs [[3, 4]] UNIT, |x| abs(&x[0]);
    avg_pool2d [[1, 2, 5, 4]] UNIT, |x| avg_pool2d(&x[0], 2, 2);
    batch_norm [[3, 2, 2, 2], [2], [2]] UNIT, |x| ops::batch_norm(&x[0], &x[1], &x[2], 1e-5, 0.2).0;
    chunk [[2, 6]] UNIT, |x| chunk(&x[0], 1, 3).swap_remove(1);
    conv2d_act [[2, 3, 4, 5], [2, 3, 3, 3], [2]] UNIT, |x| ops::conv2d_act(&x[0], &x[1], Some(&x[2]), Window::new(1, 1), 0.2);
    conv_transpose2d [[2, 3, 3, 2], [3, 2, 4, 4]] UNIT, |x| ops::conv_transpose2d(&x[0], &x[1], Window::new(2, 1), [1, 0]);
    div [[3, 4], [4]] [0.5, 2.0], |x| div(&x[0], &x[1]);
    dropout [[3, 4]] UNIT, |x| dropout(&x[0], 0.4, &mut Random::new(1, 0));
    einsum [[2, 3, 3], [3, 2], [2, 4]] UNIT, |x| einsum("bii,ij,bk->kj", &[&x[0], &x[1], &x[2]]);
    flip [[2, 3, 2]] UNIT, |x| flip(&x[0], &[0, 1]);
    fold [[1, 8, 4]] UNIT, |x| fold(&x[0], [3, 4], [2, 2], Window { dilation: [1, 2], ..Window::new(2, 1) });
    group_norm [[2, 4, 2, 2], [4], [4]] UNIT, |x| ops::group_norm(&x[0], 2, &x[1], &x[2], 1e-5, 0.2);
    index_select [[2, 4]] UNIT, |x| index_select(&x[0], 1, &[3, 0, 3]);
    instance_norm [[2, 2, 3, 2], [2], [2]] UNIT, |x| ops::instance_norm(&x[0], &x[1], &x[2], 1e-5, 0.0);
    inv_sqrtm [[3, 3]] UNIT, |x| inv_sqrtm(&(einsum("ij,kj->ik", &[&x[0], &x[0]]) + Var::constant(Tensor::eye(3))));
    leaky_relu [[3, 4]] UNIT, |x| leaky_relu(&x[0], 0.2);
    log_softmax [[3, 4]] [-3.0, 3.0], |x| log_softmax(&x[0]);
    logistic [[5]] [-3.0, 3.0], |x| logistic(&x[0], true) + logistic(&x[0], false);
    logsumexp [[3, 4]] [-3.0, 3.0], |x| logsumexp(&x[0]);
    max_pool2d [[1, 2, 5, 5]] UNIT, |x| max_pool2d(&x[0], MaxPool { kernel: 3, stride: 2, ceil: true });
    mean [[3, 4]] UNIT, |x| ops::mean(&x[0]);
    mean_axes [[2, 3, 4]] UNIT, |x| ops::mean_axes(&x[0], &[0, 2]);
    mse [[3, 4], [3, 4]] UNIT, |x| mse(&x[0], &x[1]);
    pad [[2, 3]] UNIT, |x| pad(&x[0], Padding::Circular, &[[1, 0], [2, 1]]);
    pad2d [[1, 2, 4, 3]] UNIT, |x| pad2d(&x[0], Padding::Reflect, [[2, 1], [0, 2]]);
    pixel_shuffle [[1, 8, 1, 2]] UNIT, |x| pixel_shuffle(&x[0], 2);
    pixel_unshuffle [[1, 2, 2, 4]] UNIT, |x| pixel_unshuffle(&x[0], 2);
    relu [[3, 4]] UNIT, |x| relu(&x[0]);
    repeat_interleave [[2, 3]] UNIT, |x| repeat_interleave(&x[0], 1, 2);
    roll [[2, 4]] UNIT, |x| roll(&x[0], 1, -3);
    scatter_add_along [[2, 3, 2]] UNIT, |x| scatter_add_along(&x[0], 1, &[0, 1, 1, 1, 0, 3, 2, 2, 3, 0, 3, 1], 4);
    slice [[2, 7]] UNIT, |x| slice(&x[0], 1, 1..6, 2);
    softmax [[3, 4]] [-3.0, 3.0], |x| softmax(&x[0]);
    split [[5, 2]] UNIT, |x| split(&x[0], 0, &[1, 3, 1]).swap_remove(1);
    sqrtm [[3, 3]] UNIT, |x| sqrtm(&(einsum("ij,kj->ik", &[&x[0], &x[0]]) + Var::constant(Tensor::eye(3))));
    stack [[2, 3], [2, 3]] UNIT, |x| stack(&[&x[0], &x[1]], 1);
    sub [[2, 3], [3]] UNIT, |x| ops::sub(&x[0], &x[1]);
    sum_axes [[2, 3, 4]] UNIT, |x| ops::sum_axes(&x[0], &[1]);
    take_along [[2, 3, 2]] UNIT, |x| take_along(&x[0], 1, &[0, 2, 1, 1]);
    tile [[2, 3]] UNIT, |x| tile(&x[0], &[2, 3]);
    total_variation [[1, 3, 4, 5]] UNIT, |x| total_variation(&x[0]);
    transpose [[2, 3, 4]] UNIT, |x| ops::transpose(&x[0]);
    unfold [[1, 2, 3, 4]] UNIT, |x| unfold(&x[0], [2, 2], Window { dilation: [1, 2], ..Window::new(2, 1) });
    upsample2d [[1, 2, 3, 2]] UNIT, |x| upsample2d(&x[0], 2, Upsample::Linear);
    upsample_conv2d [[1, 2, 3, 2], [3, 2, 3, 3]] UNIT, |x| upsample_conv2d(&x[0], &x[1], Padding::Reflect);
}
