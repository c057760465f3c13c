//! What a training will take, found out by doing a little of it: a few steps on the clock, a checkpoint, a score.
//!
//! The trial is thrown away and the run begins afresh, so that the clock decides how many steps there are and nothing else.

use std::sync::Arc;
use std::time::Instant;

use impasto_models::engine::Training;
use impasto_models::team::{Alone, Echo, Team};
use impasto_tensor::work;
use serde_json::{Value, json};

use crate::checkpoints::needed;
use crate::config::Config;
use crate::failure::Failure;
use crate::process;
use crate::stages::job::Job;

/// Steps that warm caches and pools up: so many at least, and for so many seconds.
const WARM: (u32, f64) = (2, 0.5);
/// Steps are timed so often, for so many seconds each, a step at least. The median counts: what the machine does besides for a
/// moment is not the run's.
const TIMED: (usize, f64) = (9, 0.4);

/// Bytes that the three logs take for a number of a step: measured, 86 to 96.
const LOGGED: u64 = 96;

/// What a training will take.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Weights of all networks.
    pub(crate) parameters: usize,
    pub(crate) steps: u64,
    /// Pictures in a batch, and the parts that it is taken in.
    pub(crate) batch: usize,
    pub(crate) parts: usize,
    /// Additions and multiplications of a step, as the direct method needs them.
    pub(crate) flops: u64,
    /// Seconds of a step.
    pub(crate) step_seconds: f64,
    /// Checkpoints on the way, with what is scored there.
    pub(crate) saves: u64,
    pub(crate) save_seconds: f64,
    /// Seconds of what is done at the end.
    pub(crate) last_seconds: f64,
    /// Bytes of one checkpoint.
    pub(crate) checkpoint_bytes: u64,
    /// Bytes of checkpoints and logs. Samples and the report come on top: 1.5 MB for a GAN of 32 px.
    pub(crate) disk_bytes: u64,
    /// The most bytes that the process holds; 0 where the system does not say.
    pub(crate) peak_bytes: u64,
}

impl Plan {
    /// Finds out what a job takes of each of so many processes, with batches in `parts`, and how many steps its time allows if none
    /// are given. What the processes send to each other is not counted.
    pub(crate) fn of<J: Job>(job: &J, config: &Config, parts: usize, processes: usize) -> Result<Self, Failure> {
        let team: Arc<dyn Team> = if processes > 1 { Arc::new(Echo(processes)) } else { Arc::new(Alone) };
        let mut trial = job.begin(config.steps.unwrap_or(1).max(1), parts, &team)?;
        let mut numbers = 0;
        let mut steps = |least: u32, seconds: f64, look: bool| {
            let (begun, before) = (Instant::now(), work::flops());
            let mut done = 0;
            while done < least || begun.elapsed().as_secs_f64() < seconds {
                numbers = trial.step(look).0.scalars.len() as u64;
                done += 1;
            }
            (begun.elapsed().as_secs_f64() / f64::from(done), (work::flops() - before) / u64::from(done))
        };
        steps(WARM.0, WARM.1, true);
        let mut timed: Vec<(f64, u64)> = (0..TIMED.0).map(|_| steps(1, TIMED.1, false)).collect();
        timed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (step_seconds, flops) = timed[TIMED.0 / 2];

        // The first time takes memory that the others find there.
        job.scores(&trial)?;
        let begun = Instant::now();
        job.scores(&trial)?;
        let checkpoint_bytes = trial.checkpoint(&job.data()).to_bytes()?.len() as u64;
        let save_seconds = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        job.rehearse_end(&trial);
        // The last weights are scored too.
        let last_seconds = save_seconds + begun.elapsed().as_secs_f64();

        let saves = |steps: u64| (steps.max(1) - 1) / config.policy(steps).checkpoint_every.max(1);
        let steps = config.steps.unwrap_or_else(|| {
            let time = 60.0 * config.minutes - last_seconds;
            // As many as config.toml can say.
            let whole = |steps: f64| steps.clamp(1.0, i64::MAX as f64 / 2.0) as u64;
            let at_most = whole(time / step_seconds);
            whole((time - saves(at_most) as f64 * save_seconds) / step_seconds)
        });
        Ok(Self {
            parameters: trial.weights().iter().map(|(_, params)| params.count()).sum(),
            steps,
            batch: job.batch(),
            parts,
            flops,
            step_seconds,
            saves: saves(steps),
            save_seconds,
            last_seconds,
            checkpoint_bytes,
            disk_bytes: steps
                .saturating_mul(numbers * LOGGED)
                .saturating_add(needed(checkpoint_bytes, &config.checkpoints)),
            peak_bytes: process::peak_bytes().unwrap_or(0),
        })
    }

    /// Seconds from the first step to the report.
    pub(crate) fn seconds(&self) -> f64 {
        self.steps as f64 * self.step_seconds + self.saves as f64 * self.save_seconds + self.last_seconds
    }

    /// Seconds for a thousand pictures.
    fn seconds_per_thousand(&self) -> f64 {
        1000.0 * self.step_seconds / self.batch as f64
    }

    /// The same for people.
    pub(crate) fn text(&self) -> String {
        let mb = |bytes: u64| format!("{:.0} MB", bytes as f64 / 1e6);
        let parts = if self.parts > 1 { format!(" in {} parts", self.parts) } else { String::new() };
        let step = format!(
            "  {} weights, {:.1} GFLOP a step of {} pictures{parts}, {:.1} ms a step, {:.2} s a thousand pictures",
            self.parameters,
            self.flops as f64 / 1e9,
            self.batch,
            1e3 * self.step_seconds,
            self.seconds_per_thousand(),
        );
        let run = format!(
            "  {} steps: about {}; peak memory {}; {} on the disk",
            self.steps,
            duration(self.seconds()),
            if self.peak_bytes > 0 { mb(self.peak_bytes) } else { "unknown".into() },
            mb(self.disk_bytes),
        );
        format!("{step}\n{run}")
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "parameters": self.parameters,
            "steps": self.steps,
            "batch": self.batch,
            "micro_batches": self.parts,
            "flops_per_step": self.flops,
            "ms_per_step": 1e3 * self.step_seconds,
            "seconds_per_thousand": self.seconds_per_thousand(),
            "seconds": self.seconds(),
            "peak_mb": self.peak_bytes as f64 / 1e6,
            "checkpoint_mb": self.checkpoint_bytes as f64 / 1e6,
            "disk_mb": self.disk_bytes as f64 / 1e6,
        })
    }
}

/// A time for people: 42 s, 12 min 5 s, 8 h 20 min.
pub(crate) fn duration(seconds: f64) -> String {
    let s = seconds.round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn times_are_said_in_the_units_that_matter() {
        assert_eq!([0.4, 59.7, 725.0, 30_000.0].map(duration), ["0 s", "1 min 0 s", "12 min 5 s", "8 h 20 min"]);
    }
}
