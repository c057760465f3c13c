//! Gradient checks that anyone can run on their own operations.
//!
//! ```
//! use impasto_autograd::{gradcheck, ops::{exp, mul, sum}};
//! let report = gradcheck::function("x e^x", &[&[2, 3]], [-1.0, 1.0], &|x| mul(&x[0], &exp(&x[0])));
//! assert!(report.passed(), "{report}");
//! ```
//!
//! What is checked, all in f64 and seeded:
//!
//! - **directions**: `<u, J v>` by central differences against `<J^T u, v>` by the rule, for random
//!   `u` and `v`; then the same for the map from `(x, u)` to `J^T u`, which checks the second order, and so on to order 3;
//! - **fan-out**: the same with every input used twice, so that a rule that overwrites instead of adding fails;
//! - **dot tests**, exact, with no step size: a linear map against its adjoint, a trilinear form against itself with each
//!   slot left out;
//! - **fast against plain**: the first-order kernels against the rules that higher orders use;
//! - **inputs unchanged**, and f32 against f64.
//!
//! A point that happens to lie at a kink is noticed, because differences with two step sizes disagree there, and redrawn.

mod directional;
mod kinds;
mod report;

pub use kinds::{Composite, fused, linear, op, pointwise, trilinear};
pub use report::Report;

use crate::var::Var;
use crate::{fns, ops};

/// A function of some variables, as the checks take it.
pub type Function<'a> = dyn Fn(&[Var<f64>]) -> Var<f64> + 'a;

/// A row of the table of operations.
pub struct Row {
    /// The operation's name.
    pub name: &'static str,
    /// `pointwise`, `linear`, `trilinear`, `fused` or `composite`.
    pub kind: &'static str,
    /// Runs the check.
    pub check: fn() -> Report,
}

/// Checks every primitive operation, then every composite, whose name contains `part`.
pub fn all(part: &str) -> impl Iterator<Item = Report> {
    let primitives = ops::TABLE.iter().filter(move |row| row.name.contains(part)).map(|row| (row.check)());
    primitives.chain(fns::TABLE.iter().filter(move |row| row.name.contains(part)).map(Composite::check))
}

/// Checks a function of inputs with the given shapes, drawn from an interval.
pub fn function(name: &'static str, shapes: &[&[usize]], range: [f64; 2], f: &Function) -> Report {
    let mut report = Report::new(name, "composite");
    report.derivatives(f, &shapes.iter().map(|&s| s.into()).collect::<Vec<_>>(), range);
    report
}
