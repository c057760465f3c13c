//! Gradients of gradients against PyTorch: R1, R2 and WGAN-GP of a small discriminator, differentiated for everything.

use impasto_autograd::fns::leaky_relu;
use impasto_autograd::ops::{conv2d, matmul, mean, reshape, softplus, sqrt, sum, sum_axes};
use impasto_autograd::{Var, grad_graph};
use impasto_models::gan::penalised;
use impasto_tensor::Element;
use impasto_tensor::conv::Window;

use super::functions::{agree, agree_on, cases};

/// `w` is two weights with their biases, and a linear layer.
fn discriminator<T: Element>(x: &Var<T>, w: &[Var<T>]) -> Var<T> {
    let layer = |x: &Var<T>, w: &Var<T>, b: &Var<T>| {
        leaky_relu(&(conv2d(x, w, Window::new(2, 1)) + reshape(b, [b.value().len(), 1, 1])), 0.2)
    };
    let h = layer(&layer(x, &w[0], &w[1]), &w[2], &w[3]);
    let (n, inner) = (x.shape()[0], w[4].value().len());
    reshape(&matmul(&reshape(&h, [n, inner]), &reshape(&w[4], [inner, 1])), [n])
}

/// The squared gradient of each picture's score.
fn squares<T: Element>(x: &Var<T>, w: &[Var<T>]) -> Var<T> {
    let g = grad_graph(&sum(&discriminator(x, w)), &[x]).remove(0);
    sum_axes(&(&g * &g), &[1, 2, 3])
}

fn pairing<T: Element>(real: &Var<T>, fake: &Var<T>, w: &[Var<T>]) -> Var<T> {
    let loss = mean(&softplus(&(discriminator(fake, w) - discriminator(real, w))));
    loss + (mean(&squares(real, w)) + mean(&squares(fake, w))) * 0.5
}

/// The same with one way back for the loss and both penalties.
fn pairing_at_once<T: Element>(real: &Var<T>, fake: &Var<T>, w: &[Var<T>]) -> Var<T> {
    let [on_real, on_fake] = [real, fake].map(|x| discriminator(x, w));
    let biases = [w[1].clone(), w[3].clone()];
    penalised(&[(real, &on_real), (fake, &on_fake)], &biases, 0.5, |s| mean(&softplus(&(&s[1] - &s[0]))))
}

fn wgan_gp<T: Element>(x: &[Var<T>]) -> Var<T> {
    let between = &x[1] + &x[2] * (&x[0] - &x[1]);
    let distance = sqrt(&squares(&between, &x[3..])) + -1.0;
    mean(&(&distance * &distance))
}

#[test]
fn penalties_agree_with_pytorch() {
    agree(
        "penalties.safetensors",
        cases! {
            discriminator |x| discriminator(&x[0], &x[1..]);
            r1 |x| mean(&squares(&x[0], &x[1..]));
            r1_r2_pairing |x| pairing(&x[0], &x[1], &x[2..]);
            wgan_gp |x| wgan_gp(x);
        },
    );
}

#[test]
fn one_way_back_for_both_penalties_agrees_with_pytorch() {
    agree_on("penalties.safetensors", cases! { r1_r2_pairing |x| pairing_at_once(&x[0], &x[1], &x[2..]); });
}
