//! Gradient checks that anyone can run on their own operations.
//!
//! ```
//! use impasto_autograd::{gradcheck, ops::{exp, mul, sum}};
//! let report = gradcheck::function("x e^x", &[&[2, 3]], [-1.0, 1.0], 3, &|x| mul(&x[0], &exp(&x[0])));
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
//! [`mutants`] plants mistakes in every gradient, to show that the check finds them.
//!
//! A point that happens to lie at a kink is noticed, because differences with two step sizes disagree there, and redrawn.

mod directional;
mod kinds;
pub mod mutants;
mod report;

pub use kinds::{Composite, fused, linear, op, pointwise, trilinear};
pub use mutants::Mutant;
pub use report::Report;

use crate::var::Var;
use crate::{fns, ops};

/// A function of some variables, as the checks take it.
pub type Function<'a> = dyn Fn(&[Var<f64>]) -> Var<f64> + 'a;

/// A row of the table of operations.
#[derive(Clone, Copy)]
pub struct Row {
    /// The operation's name.
    pub name: &'static str,
    /// `pointwise`, `linear`, `trilinear`, `fused` or `composite`.
    pub kind: &'static str,
    check: Check,
}

#[derive(Clone, Copy)]
enum Check {
    Primitive { check: fn(usize) -> Report, mutants: fn() -> Vec<Mutant> },
    Composite(&'static Composite),
}

impl Row {
    pub(crate) const fn primitive(
        name: &'static str,
        kind: &'static str,
        check: fn(usize) -> Report,
        mutants: fn() -> Vec<Mutant>,
    ) -> Self {
        Self { name, kind, check: Check::Primitive { check, mutants } }
    }

    /// Checks derivatives up to an order from 1 to 3.
    pub fn check(&self, order: usize) -> Report {
        match self.check {
            Check::Primitive { check, .. } => check(order),
            Check::Composite(composite) => composite.check(order),
        }
    }

    /// Plants mistakes in the gradient and checks each mutant.
    pub fn mutants(&self) -> Vec<Mutant> {
        match self.check {
            Check::Primitive { mutants, .. } => mutants(),
            Check::Composite(composite) => mutants::composite(composite),
        }
    }
}

/// Every primitive operation, then every composite.
pub fn table() -> impl Iterator<Item = Row> {
    let composite = |c: &'static Composite| Row { name: c.name, kind: "composite", check: Check::Composite(c) };
    ops::TABLE.iter().copied().chain(fns::TABLE.iter().map(composite))
}

/// Checks a function of inputs with the given shapes, drawn from an interval, up to an order of derivatives from 1 to 3.
pub fn function(name: &'static str, shapes: &[&[usize]], range: [f64; 2], order: usize, f: &Function) -> Report {
    let mut report = Report::new(name, "composite", order);
    report.derivatives(f, &shapes.iter().map(|&s| s.into()).collect::<Vec<_>>(), range);
    report
}
