//! Gradients: fit a line to points by going downhill, and ask for gradients of gradients.
//!
//!     cargo run --package impasto-autograd --example 02_gradient
#![allow(clippy::print_stdout, reason = "an example prints")]

use impasto_autograd::ops::{mean, sum};
use impasto_autograd::{Var, checkpoint, fns, grad, grad_graph, hvp, jvp};
use impasto_tensor::{Random, Tensor};

fn main() {
    // Points near the line y = 3 x - 1.
    let mut random = Random::new(0, 0);
    let x: Tensor<f64> = random.uniform([100], -1.0, 1.0);
    let y = x.zip(&random.normal([100], 0.0, 0.1), |x, noise| 3.0 * x - 1.0 + noise);
    let (x, y) = (Var::constant(x), Var::constant(y));

    // Parameters are what gradients are asked for; everything else is a constant and costs nothing.
    let (mut slope, mut shift) = (Tensor::scalar(0.0), Tensor::scalar(0.0));
    for step in 0..=60 {
        let (a, b) = (Var::param(slope.clone()), Var::param(shift.clone()));
        let loss = fns::mse(&(&x * &a + &b), &y);
        if step % 20 == 0 {
            println!("step {step:>2}: y = {:.3} x + {:.3}, loss {:.4}", a.item(), b.item(), loss.item());
        }
        // Gradients are returned, in the order of what was asked for. Nothing is stored, nothing to zero.
        let g = grad(&loss, &[&a, &b]);
        slope.zip_assign(&g[0], |w, g| w - 0.3 * g);
        shift.zip_assign(&g[1], |w, g| w - 0.3 * g);
    }

    // A gradient from `grad_graph` is a variable like any other. Here x^3, its 3 x^2, and 6 x.
    let v = Var::<f64>::param(Tensor::scalar(2.0));
    let cube = &v * &v * &v;
    let first = grad_graph(&cube, &[&v]).remove(0);
    let second = grad(&first, &[&v]).remove(0);
    println!("x^3 at 2: {}, slope {}, curvature {}", cube.item(), first.item(), second.item());

    // Directional derivatives, without any matrix.
    let w = Var::<f64>::param(Tensor::new([3], vec![1.0, 2.0, 3.0]));
    let along = Var::constant(Tensor::new([3], vec![1.0, 0.0, -1.0]));
    println!("J v = {:?}", jvp(&(&w * &w), &[&w], &[&along]).value().data());
    println!("H v = {:?}", hvp(&sum(&(&w * &w * &w)), &[&w], &[&along])[0].value().data());

    // A checkpoint keeps its inputs only and computes the rest again on the way back.
    let deep = checkpoint(|x| (0..50).fold(x[0].clone(), |h, _| fns::relu(&(h * 1.01))), &[&w]);
    println!("50 layers, nothing kept between them: {:?}", grad(&mean(&deep), &[&w])[0].data());

    // The graph as a drawing: pipe this into `dot -Tsvg`.
    println!("{}", fns::mse(&(&w * 2.0), &along).to_dot());
}
