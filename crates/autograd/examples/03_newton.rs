//! Newton's method: the Hessian says how far to go, where the gradient only says which way.
//!
//! Rosenbrock's valley (1 - a)^2 + 100 (b - a^2)^2 has its lowest point at (1, 1), at the end of a long bent floor.
//!
//!     cargo run --package impasto-autograd --example 03_newton
#![allow(clippy::print_stdout, reason = "an example prints")]

use impasto_autograd::ops::{narrow, sum};
use impasto_autograd::{Var, grad, grad_keep, hessian};
use impasto_tensor::Tensor;

fn valley(x: &Var<f64>) -> Var<f64> {
    let (a, b) = (narrow(x, 0, 0, 1), narrow(x, 0, 1, 1));
    let (short, bent) = (-&a + 1.0, &b - &a * &a);
    sum(&(&short * &short + &bent * &bent * 100.0))
}

/// Solves the two equations H d = g.
fn solve(h: &[f64], g: &[f64]) -> [f64; 2] {
    let determinant = h[0] * h[3] - h[1] * h[2];
    [(h[3] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[2] * g[0]) / determinant]
}

fn main() {
    let start = Tensor::new([2], vec![-1.2, 1.0]);

    // Downhill: thousands of small steps along the floor.
    let (mut x, mut steps) = (start.clone(), 0);
    let lowest = loop {
        let v = Var::param(x.clone());
        let loss = valley(&v);
        if loss.item() < 1e-8 || steps == 100_000 {
            break loss.item();
        }
        x.zip_assign(&grad(&loss, &[&v])[0], |x, g| x - 2e-3 * g);
        steps += 1;
    };
    println!("gradient descent: {steps} steps to a loss of {lowest:.1e}");

    // Newton: the quadratic that touches the valley here has its lowest point a step H^-1 g away.
    let mut x = start;
    for step in 0.. {
        let v = Var::param(x.clone());
        let loss = valley(&v);
        println!("newton {step}: ({:.6}, {:.6}), loss {:.1e}", x.data()[0], x.data()[1], loss.item());
        if loss.item() < 1e-20 {
            break;
        }
        // The gradient's own gradient, row by row. `grad_keep` leaves the records for a second walk.
        let gradient = grad_keep(&loss, &[&v]).remove(0);
        let curvature = hessian(&loss, &v);
        let move_by = solve(curvature.value().data(), gradient.data());
        x.zip_assign(&Tensor::new([2], move_by.to_vec()), |x, d| x - d);
    }
}
