//! Reverse-mode automatic differentiation of any order, in which an operation without a gradient check does not compile.
//!
//! # Reverse mode on one page
//!
//! A program that computes a number from many others is a chain of small operations. How the number changes with each of
//! them is the chain rule's product of all their derivatives, and a product can be taken from either end. From the front, one
//! input at a time, it costs a pass for each input; from the back, one pass for all: that is reverse mode.
//!
//! From the back, every value asks the same question: if I change a little, how does the result? The answer is its gradient,
//! and it passes from a value to what the value was made of. For `c = a b` the result feels a change of `a` through `c`,
//! multiplied by `b`: so `a` gets the gradient of `c` times `b`, and `b` that of `c` times `a`. A value that was used twice adds
//! up both answers.
//!
//! ```
//! use impasto_autograd::{Var, grad, ops::{exp, mul}};
//! use impasto_tensor::Tensor;
//!
//! let x = Var::<f64>::param(Tensor::scalar(2.0));
//! let a = mul(&x, &x);                    // x^2          4
//! let y = mul(&a, &exp(&x));              // x^2 e^x
//! // Backwards: y has gradient 1; a has e^x; exp(x) has a; x has a e^x from there and e^x 2 x through a.
//! let dy = grad(&y, &[&x]).remove(0);
//! assert!((dy.item() - (4.0 + 4.0) * 2f64.exp()).abs() < 1e-12);
//! ```
//!
//! A [`Var`] is a tensor and, if it depends on something that gradients are wanted for, a node of the graph that made it. The
//! rules that carry gradients back are written in the same operations as the program, so a gradient has a graph too, and can be
//! differentiated like everything else:
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
//! gradients that know where they came from. [`jvp`], [`hvp`], [`jacobian`] and [`hessian`] are made of such walks,
//! [`checkpoint`] trades memory for time, and [`Var::to_dot`] draws the graph.
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
mod checkpoint;
#[doc(hidden)]
pub mod declare;
mod derivatives;
mod draw;
pub mod fns;
pub mod gradcheck;
mod graph;
pub mod kinds;
mod op;
mod operators;
pub mod ops;
mod var;

pub use backward::{grad, grad_graph, grad_keep, vjp};
pub use checkpoint::checkpoint;
pub use derivatives::{hessian, hvp, jacobian, jvp};
pub use op::{Keep, Op, Registered, Saved, apply, apply_beside, try_apply};
pub use var::Var;

/// The code in the README runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
