//! The usual first network for handwritten digits: a measure that every framework has an example of.

use impasto_autograd::Var;
use impasto_autograd::fns::{max_pool2d, relu};
use impasto_autograd::ops::reshape;
use impasto_tensor::pool::MaxPool;

use crate::init::Init;
use crate::layers::{Conv, batch_norm, conv, linear};
use crate::scope::Scope;

const POOL: MaxPool = MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false };

/// Three convolutions with biases, batch norm and ReLU, pooled by 2 behind the second and the third, and two linear layers:
/// logits.
///
/// # Shapes
/// `x` `[N, C, H, W] -> [N, classes]`
///
/// # Source
/// The pattern of the first examples that come with most frameworks, with batch norm in place of dropout.
pub fn small_network(s: &Scope, classes: usize, x: &Var) -> Var {
    let block = |i: usize, x: &Var, outputs: usize| {
        let x = conv(&s.at(("conv", i)), x, &Conv::new(outputs, 3));
        batch_norm(&s.at(("norm", i)), &x, Init::Constant(1.0), 0.0)
    };
    let x = block(0, x, 32); //                       [N, 32, H, W]
    let x = max_pool2d(&block(1, &x, 64), POOL); //   [N, 64, H / 2, W / 2]
    let x = max_pool2d(&block(2, &x, 128), POOL); //  [N, 128, H / 4, W / 4]
    let features = x.value().len() / x.shape()[0];
    let x = linear(&s.at("hidden"), &reshape(&x, [x.shape()[0], features]), 128);
    linear(&s.at("head"), &relu(&x), classes)
}
