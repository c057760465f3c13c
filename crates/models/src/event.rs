//! What a training run reports. It is never printed here.

use serde::Serialize;

/// The numbers of one step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Steps done.
    pub step: u64,
    /// Name and value of each number, in a fixed order.
    pub scalars: Vec<(&'static str, f64)>,
}

impl Event {
    /// The value of a number, if the step reported it.
    pub fn scalar(&self, name: &str) -> Option<f64> {
        self.scalars.iter().find(|(n, _)| *n == name).map(|&(_, v)| v)
    }

    /// The first number that is not finite.
    pub fn broken(&self) -> Option<&'static str> {
        self.scalars.iter().find(|(_, v)| !v.is_finite()).map(|&(n, _)| n)
    }
}
