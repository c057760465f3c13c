//! Learning rates over time.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// The part of the steps over which one-cycle rises.
const RISE: f64 = 0.3;
/// Where one-cycle begins, and where it ends.
const ENDS: [f64; 2] = [1.0 / 25.0, 1.0 / 250_000.0];

/// The course of the learning rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// 1 all the way.
    Constant,
    /// Down to 0 by half a cosine: [`cosine`].
    #[default]
    Cosine,
    /// From 1 / 25 up to 1 over three tenths of the steps, and down to 4e-6, each by half a cosine. It is its own warm-up.
    ///
    /// # Source
    /// Smith and Topin, "Super-convergence", 2018, with the numbers that frameworks begin with; momentum stays as it is.
    OneCycle,
    /// Down to 0 in a straight line.
    Linear,
}

impl Schedule {
    /// The factor of the learning rate at `step` of `total`, counted from 0. But for one-cycle, it rises in a straight line over
    /// `warm_up` steps first.
    ///
    /// ```
    /// use impasto_models::optim::Schedule;
    ///
    /// assert_eq!([0, 9, 10, 55, 100].map(|step| Schedule::Linear.factor(step, 100, 10)), [0.1, 1.0, 1.0, 0.5, 0.0]);
    /// ```
    pub fn factor(self, step: u64, total: u64, warm_up: u64) -> f64 {
        if self == Self::OneCycle {
            return one_cycle(step, total);
        }
        if step < warm_up {
            return (step + 1) as f64 / warm_up as f64;
        }
        let done = (step - warm_up) as f64 / (total.saturating_sub(warm_up)).max(1) as f64;
        match self {
            Self::Constant => 1.0,
            Self::Linear => 1.0 - done.min(1.0),
            _ => half_cosine(done),
        }
    }
}

/// The factor of the learning rate at `step` of `total`: up in a straight line over `warm_up` steps, then down to 0 by half
/// a cosine.
///
/// # Source
/// Loshchilov and Hutter, "SGDR", 2017, without restarts.
pub fn cosine(step: u64, total: u64, warm_up: u64) -> f64 {
    Schedule::Cosine.factor(step, total, warm_up)
}

/// From 1 at 0 to 0 at 1 and behind.
fn half_cosine(done: f64) -> f64 {
    0.5 * (1.0 + (PI * done.min(1.0)).cos())
}

fn one_cycle(step: u64, total: u64) -> f64 {
    let last = total.saturating_sub(1).max(1) as f64;
    let peak = RISE * last;
    let at = step as f64;
    let (end, done) = if at < peak { (ENDS[0], 1.0 - at / peak) } else { (ENDS[1], (at - peak) / (last - peak)) };
    end + (1.0 - end) * half_cosine(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Schedule; 4] = [Schedule::Constant, Schedule::Cosine, Schedule::OneCycle, Schedule::Linear];

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-12, "{got}, want {want}");
    }

    #[test]
    fn cosine_rises_then_falls_to_zero() {
        assert_eq!(cosine(0, 100, 10), 0.1);
        assert_eq!(cosine(10, 100, 10), 1.0);
        near(cosine(55, 100, 10), 0.5);
        near(cosine(100, 100, 10), 0.0);
        near(cosine(500, 100, 10), 0.0);
    }

    #[test]
    fn the_ends_of_each() {
        for (schedule, [first, half, end]) in ALL.into_iter().zip([
            [1.0, 1.0, 1.0],
            [1.0, 0.5, 0.0],
            [ENDS[0], 0.5 * (1.0 + (PI * 0.2 / 0.7).cos()), ENDS[1]],
            [1.0, 0.5, 0.0],
        ]) {
            // One-cycle ends with the last step, the others behind it.
            let total = if schedule == Schedule::OneCycle { 101 } else { 100 };
            near(schedule.factor(0, total, 0), first);
            assert!((schedule.factor(50, total, 0) - half).abs() < 1e-5, "{schedule:?}");
            near(schedule.factor(100, total, 0), end);
            near(schedule.factor(1000, total, 0), end);
        }
        near(Schedule::OneCycle.factor(30, 101, 0), 1.0);
        near(Schedule::Constant.factor(4, 100, 10), 0.5);
    }

    /// A run of one step or none, and one that is all warm-up, have learning rates too.
    #[test]
    fn short_runs_have_learning_rates() {
        for schedule in ALL {
            for (total, warm_up) in [(0, 0), (1, 0), (1, 20), (2, 2)] {
                for step in 0..3 {
                    let factor = schedule.factor(step, total, warm_up);
                    assert!((0.0..=1.0).contains(&factor), "{schedule:?} {step} {total} {warm_up}: {factor}");
                }
            }
        }
    }
}
