//! Layers: functions of a scope and an input that find or make their weights there. Names are those of the field:
//! `weight`, `bias`, `running_mean`, `running_var`.

use impasto_autograd::ops::{self, matmul_as, reshape};
use impasto_autograd::{Var, fns};
use impasto_tensor::conv::Window;
use impasto_tensor::{MatMul, Tensor};

use crate::init::Init;
use crate::scope::Scope;

/// How fast running statistics follow the batch.
const MOMENTUM: f32 = 0.1;
/// Added to variances.
const EPS: f64 = 1e-5;

/// y = x Wᵀ + b
///
/// # Shapes
/// `x` `[N, I] -> [N, outputs]`, `weight` `[outputs, I]`, `bias` `[outputs]`
#[track_caller]
pub fn linear(s: &Scope, x: &Var, outputs: usize) -> Var {
    let &[_, inputs] = &x.shape()[..] else { panic!("linear: expected [N, I], got {:?}", x.shape()) };
    let weight = s.weight("weight", [outputs, inputs], Init::He);
    let bias = s.weight("bias", [outputs], Init::Constant(0.0));
    matmul_as(MatMul { transpose_a: false, transpose_b: true }, x, &weight) + bias
}

/// A convolution layer: what it makes of its input, and how it begins.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    outputs: usize,
    kernel: usize,
    window: Window,
    bias: bool,
    slope: f64,
    init: Init,
}

impl Conv {
    /// `outputs` channels by kernels of `kernel` by `kernel`, padded to keep the size (for odd kernels), with a bias, begun
    /// for a rectifier.
    pub fn new(outputs: usize, kernel: usize) -> Self {
        Self { outputs, kernel, window: Window::new(1, (kernel - 1) / 2), bias: true, slope: 1.0, init: Init::He }
    }

    /// With a stride, and zeros around the picture.
    #[must_use]
    pub fn window(mut self, stride: usize, padding: usize) -> Self {
        self.window = Window::new(stride, padding);
        self
    }

    /// Without a bias, as before a normalisation.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = false;
        self
    }

    /// Followed by the leaky rectifier of a slope from 0 to 1; 0 for ReLU.
    #[must_use]
    pub fn leaky(mut self, slope: f64) -> Self {
        self.slope = slope;
        self
    }

    /// Begun otherwise.
    #[must_use]
    pub fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    fn bias(&self, s: &Scope) -> Option<Var> {
        self.bias.then(|| s.weight("bias", [self.outputs], Init::Constant(0.0)))
    }
}

/// Convolution.
///
/// # Shapes
/// `x` `[N, C, H, W] -> [N, outputs, H', W']`, `weight` `[outputs, C, K, K]`
#[track_caller]
pub fn conv(s: &Scope, x: &Var, layer: &Conv) -> Var {
    let weight = s.weight("weight", [layer.outputs, x.shape()[1], layer.kernel, layer.kernel], layer.init);
    ops::conv2d_act(x, &weight, layer.bias(s).as_ref(), layer.window, layer.slope)
}

/// Enlargement by 2 through repetition, and convolution by kernels of 3 x 3 that keeps the size: see
/// [`fns::upsample_conv2d`].
///
/// # Shapes
/// `x` `[N, C, H, W] -> [N, outputs, 2 H, 2 W]`, `weight` `[outputs, C, 3, 3]`, `bias` `[outputs]`
#[track_caller]
pub fn upsample_conv(s: &Scope, x: &Var, outputs: usize, edge: fns::Padding) -> Var {
    let weight = s.weight("weight", [outputs, x.shape()[1], 3, 3], Init::He);
    let bias = s.weight("bias", [outputs], Init::Constant(0.0));
    fns::upsample_conv2d(x, &weight, Some(&bias), edge)
}

/// Transposed convolution.
///
/// # Shapes
/// `x` `[N, C, H, W] -> [N, outputs, H', W']`, `weight` `[C, outputs, K, K]`
#[track_caller]
pub fn conv_transpose(s: &Scope, x: &Var, layer: &Conv) -> Var {
    let weight = s.weight("weight", [x.shape()[1], layer.outputs, layer.kernel, layer.kernel], layer.init);
    ops::conv_transpose2d_act(x, &weight, layer.bias(s).as_ref(), layer.window, [0, 0], layer.slope)
}

/// Batch normalisation, then the leaky rectifier of the given slope (1 for none, 0 for ReLU). In training the statistics
/// are the batch's, and the running ones follow them; otherwise the running ones are used.
///
/// # Shapes
/// `[N, C, ..] ->` the same
///
/// # Source
/// Ioffe and Szegedy, "Batch normalization", 2015. `gamma` begins as `init` says.
#[track_caller]
pub fn batch_norm(s: &Scope, x: &Var, init: Init, slope: f64) -> Var {
    let channels = x.shape()[1];
    let gamma = s.weight("weight", [channels], init);
    let beta = s.weight("bias", [channels], Init::Constant(0.0));
    let mean = s.buffer("running_mean", [channels], 0.0);
    let variance = s.buffer("running_var", [channels], 1.0);
    if !s.is_training() {
        let scale = variance.map(|v| 1.0 / (v + EPS as f32).sqrt());
        let a = Var::constant(scale) * gamma;
        let b = beta - Var::constant(mean) * &a;
        let planes = |v: &Var| reshape(v, [&[channels], vec![1; x.shape().len() - 2].as_slice()].concat().as_slice());
        return fns::leaky_relu(&(x * planes(&a) + planes(&b)), slope);
    }
    let (y, moments) = ops::batch_norm(x, &gamma, &beta, EPS, slope);
    // The running variance is the unbiased one, the batch's own is not.
    let count = (x.value().len() / channels) as f32;
    let unbiased = moments.scale.map(|s| (1.0 / (s * s) - EPS as f32) * count / (count - 1.0).max(1.0));
    let follow = |old: &Tensor, new: Tensor| old.zip(&new.reshape([channels]), |o, n| o + MOMENTUM * (n - o));
    s.update("running_mean", follow(&mean, moments.mean));
    s.update("running_var", follow(&variance, unbiased));
    y
}

/// Instance normalisation, then the leaky rectifier of the given slope.
///
/// # Shapes
/// `[N, C, ..] ->` the same
///
/// # Source
/// Ulyanov, Vedaldi and Lempitsky, "Instance normalization", 2016.
#[track_caller]
pub fn instance_norm(s: &Scope, x: &Var, slope: f64) -> Var {
    let channels = x.shape()[1];
    let gamma = s.weight("weight", [channels], Init::Constant(1.0));
    let beta = s.weight("bias", [channels], Init::Constant(0.0));
    ops::instance_norm(x, &gamma, &beta, EPS, slope)
}
