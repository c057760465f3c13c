//! Operations that memory bounds, and an optimiser's step.

use impasto_autograd::Var;
use impasto_autograd::ops::{add, exp, tanh};
use impasto_models::optim::{Adam, Optimiser};
use impasto_models::{Gradients, Kind, Params};
use impasto_tensor::Tensor;

use super::measure::Workload;
use super::noise;

const LEN: usize = 16_000_000;

pub(super) fn all() -> Vec<Workload> {
    vec![
        Workload::new("add 16M", || {
            let [a, b] = [1, 2].map(|stream| Var::constant(noise(stream, [LEN])));
            move || add(&a, &b)
        }),
        of_one("tanh 16M", [LEN], |x| tanh(&Var::constant(x.clone())).into_value()),
        of_one("exp 16M", [LEN], |x| exp(&Var::constant(x.clone())).into_value()),
        of_one("sum 16M", [LEN], |x| Tensor::scalar(x.sum())),
        of_one("sum dims 0,2,3 of 64x64x64x64", [64; 4], |x| x.sum_axes(&[0, 2, 3])),
        of_one("softmax 4096x1000", [4096, 1000], Tensor::softmax_rows),
        Workload::new("adam 16M", adam),
    ]
}

fn of_one<const R: usize>(name: &str, shape: [usize; R], f: fn(&Tensor) -> Tensor) -> Workload {
    Workload::new(name, move || {
        let x = noise(1, shape);
        move || f(&x)
    })
}

fn adam() -> impl FnMut() {
    let mut params = Params::default();
    params.insert("w", noise(1, [LEN]), Kind::Weight);
    let gradients = Gradients::from([("w".to_owned(), noise(2, [LEN]))]);
    let mut adam = Adam::default();
    move || adam.step(&mut params, &gradients, 1e-3)
}
