//! The kinds of operation, each with one backward rule.
//!
//! | kind | is | its gradient |
//! |---|---|---|
//! | [`Pointwise`] | `y = f(x)`, element by element | `g f'(x)` |
//! | [`Linear`] | `y = sum of A_i x_i` | the adjoint of `A_i` on `g` |
//! | [`Trilinear`] | a form `t(a, b, c)`, one argument left out | the form, another argument left out |
//! | [`Fused`] | a fast kernel for a composite | a fast rule; at higher order, the composite's |
//!
//! The wrappers [`Map`], [`Lin`], [`Leave`] and [`Fuse`] turn each into an [`Op`](crate::Op).

mod fused;
mod linear;
mod pointwise;
mod trilinear;

pub use fused::{Fuse, Fused};
pub use linear::{Lin, Linear};
pub use pointwise::{Keeps, Map, Pointwise};
pub use trilinear::{Leave, Trilinear};
