//! The primitive operations, one family a file, and the table that admits them.
//!
//! A new operation is a file, a `mod` line and a row. Without the row it does not compile; with it, its gradient is checked
//! by `cargo test` and by `impasto check`.

mod affine;
mod broadcast;
mod combine;
mod concat;
mod conv2d;
mod cross_entropy;
mod erf;
mod exp;
mod gate;
mod gather;
mod gram;
mod matmul;
mod max_pool;
mod mul;
mod norm;
mod permute;
mod pow;
mod recip;
mod resample;
mod reshape;
mod select;
mod sigmoid;
mod softmax;
mod softplus;
mod sqrt;
mod tanh;
mod trig;

pub use affine::affine;
pub use broadcast::{broadcast_to, mean, mean_axes, sum, sum_axes, sum_to};
pub use combine::{add, sub};
pub use concat::{concat, narrow};
pub use conv2d::{conv_transpose2d, conv_transpose2d_act, conv2d, conv2d_act};
pub use cross_entropy::cross_entropy;
pub use erf::erf;
pub use exp::{exp, exp_m1, ln, ln_1p};
pub use gate::gate;
pub(crate) use gate::rectify;
pub use gather::{gather, scatter_add};
pub use gram::gram;
pub use matmul::{matmul, matmul_as};
pub(crate) use max_pool::pick_max;
pub use mul::mul;
pub use norm::{batch_norm, group_norm, instance_norm};
pub use permute::{permute, transpose};
pub use pow::pow;
pub use recip::recip;
pub use resample::resample;
pub use reshape::reshape;
pub use select::select;
pub use sigmoid::sigmoid;
pub(crate) use softmax::{LogSoftmax, Softmax};
pub use softplus::softplus;
pub use sqrt::sqrt;
pub use tanh::tanh;
pub use trig::{cos, sin};

use crate::gradcheck::{self, Row};
use crate::kinds::{Fused, Linear, Pointwise, Trilinear};

/// A row: admits the operation to the graph, lists it, and makes a test of its gradient check.
macro_rules! ops {
    ($($kind:ident $module:ident::$op:ident;)+) => {
        $(impl crate::op::Registered for $module::$op {})+

        /// Every primitive operation, with its check.
        pub(crate) static TABLE: &[Row] =
            &[$(Row::primitive(
                $module::$op::NAME,
                stringify!($kind),
                gradcheck::$kind::<$module::$op>,
                gradcheck::mutants::$kind::<$module::$op>,
            )),+];

        #[cfg(test)]
        #[allow(non_snake_case, reason = "each check has the name of its operation")]
        mod checks {
            $(#[test] fn $op() { crate::gradcheck::$kind::<super::$module::$op>(3).unwrap(); })+
        }
    };
}

ops! {
    pointwise affine::Affine;
    pointwise erf::Erf;
    pointwise exp::Exp;
    pointwise exp::ExpM1;
    pointwise exp::Ln;
    pointwise exp::Ln1p;
    pointwise pow::Pow;
    pointwise recip::Recip;
    pointwise sigmoid::Sigmoid;
    pointwise softplus::Softplus;
    pointwise sqrt::Sqrt;
    pointwise tanh::Tanh;
    pointwise trig::Cos;
    pointwise trig::Sin;
    linear broadcast::BroadcastTo;
    linear broadcast::SumTo;
    linear combine::Combine;
    linear concat::Concat;
    linear concat::Narrow;
    linear gate::Gate;
    linear gather::Gather;
    linear gather::ScatterAdd;
    linear max_pool::MaxPick;
    linear max_pool::MaxSpread;
    linear permute::Permute;
    linear resample::Resample;
    linear reshape::Reshape;
    linear select::Select;
    trilinear conv2d::Convolution;
    trilinear matmul::Product;
    trilinear mul::Mul;
    fused cross_entropy::CrossEntropy;
    fused gram::Gram;
    fused norm::Normalize;
    fused softmax::LogSoftmax;
    fused softmax::Softmax;
}
