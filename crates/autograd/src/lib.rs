//! Reverse-mode automatic differentiation of any order, in which an operation without a gradient check does not compile.
//!
//! # The idea on one page
//!
//! A [`Var`] is a tensor and, if it depends on something that gradients are wanted for, a node of the graph that made it.
//! Walking that graph backwards from a result gives its gradient for every input, at the cost of a few forward passes:
//!
//! ```
//! use impasto_autograd::{Var, grad, grad_graph, ops::sum};
//! use impasto_tensor::Tensor;
//!
//! let x = Var::<f64>::param(Tensor::new([2], vec![1.0, 2.0]));
//! let y = sum(&(&x * &x * &x));                       // x^3, summed
//! let dy = grad_graph(&y, &[&x]).remove(0);           // 3 x^2, itself a Var ...
//! assert_eq!(dy.value().data(), [3.0, 12.0]);
//! let ddy = grad(&sum(&dy), &[&x]).remove(0);         // ... so it can be differentiated again: 6 x
//! assert_eq!(ddy.data(), [6.0, 12.0]);
//! ```
//!
//! Gradients are returned, never stored: there is no `.grad` and nothing to zero. [`grad`] consumes the records as it
//! walks, so that memory is freed on the way back; [`grad_keep`] leaves them for another walk; [`grad_graph`] returns
//! gradients that know where they came from.
//!
//! # Three kinds of operation
//!
//! Almost every operation is one of three [`kinds`], so there are three backward rules instead of sixty:
//!
//! - **pointwise** `y = f(x)`: the gradient is `g f'(x)`, and `f'` is written once for numbers and for variables;
//! - **linear** `y = A x`: the gradient is the adjoint of `A` on `g`;
//! - **trilinear**, a form `t(a, b, c)` of which the operation leaves one argument out: the gradient is the same form with
//!   another one left out. Convolution, its transpose and its weight gradient are one form.
//!
//! A **fused** operation is a fast kernel for a composite of others, which stays its reference.
//!
//! Only the table in [`ops`] admits operations to the graph, and a row of the table is what runs the [`gradcheck`].

mod backward;
#[doc(hidden)]
pub mod declare;
pub mod fns;
pub mod gradcheck;
mod graph;
pub mod kinds;
mod op;
mod operators;
pub mod ops;
mod var;

pub use backward::{grad, grad_graph, grad_keep, vjp};
pub use op::{Keep, Op, Registered, Saved, apply, apply_beside, try_apply};
pub use var::Var;

/// The code in the README runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
