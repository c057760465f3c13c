//! A new operation outside the crate: what it computes, its derivative, and the line that admits and checks it.
//!
//!     cargo run --package impasto-autograd --example 04_new_op
#![allow(clippy::print_stdout, reason = "an example prints")]

use impasto_autograd::kinds::{Keeps, Lin, Linear, Map, Pointwise};
use impasto_autograd::ops::sum;
use impasto_autograd::{Var, apply, declare_op, grad_graph, gradcheck};
use impasto_tensor::{Element, Lane, Shape, ShapeError, Tensor};

/// softsign: y = x / (1 + |x|), smooth and cheaper than tanh.
///
/// Pointwise: the function and its derivative, written once for numbers, registers and variables. Because the derivative is
/// made of operations that can be differentiated, there is nothing to write for the second order.
#[derive(Clone, Debug)]
struct Softsign;
impl Pointwise for Softsign {
    const NAME: &'static str = "softsign";
    const KEEPS: Keeps = Keeps::Input;
    fn f<L: Lane>(&self, x: L) -> L {
        x.clone() / (L::splat(1.0) + x.abs())
    }
    fn df<L: Lane>(&self, x: L) -> L {
        let below = L::splat(1.0) + x.abs();
        L::splat(1.0) / (below.clone() * below)
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [0.2, 3.0]), (Self, [-3.0, -0.2])]
    }
}

/// Differences of neighbours: y[i] = x[i + 1] - x[i].
///
/// Linear: the map, and its adjoint as a function of variables.
#[derive(Clone, Debug)]
struct Differences;
impl Linear for Differences {
    const NAME: &'static str = "differences";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        match *x[0] {
            [n] if n > 1 => Ok(Shape::new(&[n - 1])),
            _ => Err(ShapeError::new(Self::NAME, format!("expected [n] with n > 1, got {:?}", x[0]))),
        }
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        let x = x[0].data();
        Tensor::new([x.len() - 1], x.windows(2).map(|pair| pair[1] - pair[0]).collect())
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        // Each number is added to one difference and taken from the next: with a zero at both ends, differences again.
        let zero = Var::constant(Tensor::zeros([1]));
        -apply(Lin(Self), &[&impasto_autograd::ops::concat(&[&zero, g, &zero], 0)])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self, vec![Shape::new(&[2])]), (Self, vec![Shape::new(&[5])])]
    }
}

// Without these lines the operations do not compile into a graph; with them `cargo test` checks both.
declare_op! { pointwise Softsign; linear Differences; }

fn main() {
    println!("{}", gradcheck::pointwise::<Softsign>(2));
    println!("{}", gradcheck::linear::<Differences>(2));

    let x = Var::<f64>::param(Tensor::new([4], vec![0.5, 1.0, 2.0, 4.0]));
    let roughness = apply(Lin(Differences), &[&apply(Map(Softsign), &[&x])]);
    let first = grad_graph(&sum(&(&roughness * &roughness)), &[&x]).remove(0);
    let second = grad_graph(&sum(&first), &[&x]).remove(0);
    println!("gradient {:.3?}\nits own  {:.3?}", first.value().data(), second.value().data());
}
