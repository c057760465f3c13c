//! What a check found.

use std::fmt;

/// The result of checking one operation.
#[derive(Clone, Debug)]
pub struct Report {
    /// The operation's name.
    pub op: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// The highest order of derivatives that is checked.
    pub order: usize,
    /// Inputs that were drawn, over all cases.
    pub cases: usize,
    /// The worst relative error of first, second and third derivatives.
    pub worst: [f64; 3],
    /// What failed.
    pub failures: Vec<String>,
}

/// The largest relative error that passes, by order.
pub(crate) const TOLERANCE: [f64; 3] = [1e-7, 1e-6, 1e-5];

impl Report {
    /// Nothing checked yet, all to be checked up to `order`.
    ///
    /// # Panics
    /// Unless the order is 1, 2 or 3.
    #[track_caller]
    pub(crate) fn new(op: &'static str, kind: &'static str, order: usize) -> Self {
        assert!((1..=TOLERANCE.len()).contains(&order), "gradcheck: expected an order from 1 to 3, got {order}");
        Self { op, kind, order, cases: 0, worst: [0.0; 3], failures: Vec::new() }
    }

    /// Whether there were cases and none failed.
    pub fn passed(&self) -> bool {
        self.cases > 0 && self.failures.is_empty()
    }

    /// # Panics
    /// If the check did not pass: with what failed.
    #[track_caller]
    pub fn unwrap(self) {
        assert!(self.passed(), "{self}");
    }

    pub(crate) fn fail(&mut self, what: impl Into<String>) {
        self.failures.push(what.into());
    }

    /// Fails unless `got` equals `want` to the relative error `within`.
    pub(crate) fn equal(&mut self, what: &str, got: f64, want: f64, within: f64) {
        let close = (got - want).abs() <= within * (1.0 + want.abs());
        if !close {
            self.fail(format!("{what}: {got} and {want} differ"));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): worst", self.op, self.kind)?;
        self.worst.iter().take(self.order).try_for_each(|error| write!(f, " {error:.1e}"))?;
        if self.cases == 0 {
            write!(f, "; it has no cases")?;
        }
        self.failures.iter().try_for_each(|failure| write!(f, "; {failure}"))
    }
}
