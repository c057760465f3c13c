//! How many steps a stage gets: told, or as many as fit into a time.
//!
//! A timed stage measures a few steps on a run that is then thrown away, fixes the number of steps, and begins afresh. The
//! clock decides how many steps there are and nothing else, so the number repeats the run to the byte.

use std::time::Instant;

/// A limit to a stage.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Budget {
    /// This many steps.
    Steps(u64),
    /// As many as fit into so many seconds.
    Seconds(f64),
}

impl Budget {
    /// The number of steps, given a step to measure: it runs twice to warm up, then a few times on the clock.
    pub(crate) fn steps(self, mut step: impl FnMut()) -> u64 {
        const TIMED: u32 = 6;
        let seconds = match self {
            Self::Steps(steps) => return steps,
            Self::Seconds(seconds) => seconds,
        };
        let begun = Instant::now();
        for _ in 0..2 {
            step();
        }
        let warm = Instant::now();
        for _ in 0..TIMED {
            step();
        }
        let each = warm.elapsed().as_secs_f64() / f64::from(TIMED);
        let left = seconds - begun.elapsed().as_secs_f64();
        ((left / each) as u64).max(1)
    }
}
