//! The course of one number over a run, in a few numbers: enough to say whether it runs away or stands still.

use serde::{Deserialize, Serialize};

use super::watch::{Divergence, Plateau};

/// A running mean that forgets: of what it holds, the share `1 - pace` stays at each value. The first values count in full.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Level {
    mean: f64,
    weight: f64,
}

impl Level {
    pub(super) fn take(&mut self, value: f64, pace: f64) -> f64 {
        self.weight += pace * (1.0 - self.weight);
        self.mean += (value - self.mean) * pace / self.weight;
        self.mean
    }
}

/// Counts how long something lasts, and tells once that it has lasted as long as is borne: `patience` times, and at least one.
pub(super) fn lasts(it_does: bool, count: &mut u64, is_told: &mut bool, patience: u64) -> bool {
    *count = if it_does { *count + 1 } else { 0 };
    let is_due = it_does && *count >= patience;
    let was_told = std::mem::replace(is_told, is_due);
    is_due && !was_told
}

/// How fast the course of a loss follows its values.
const PACE: f64 = 0.05;

/// A loss that is meant to fall.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Descent {
    first: Option<f64>,
    best: f64,
    level: Level,
    /// Begins at 0 and grows slowly, so that a loss that runs away at once does not count as noise.
    spread: f64,
    /// Steps on end above the limit.
    pub(super) above: u64,
    is_told: bool,
}

/// What a loss is, and what it may be.
pub(super) struct Excess {
    pub(super) limit: f64,
    pub(super) usual: f64,
}

impl Descent {
    /// Takes a value; tells when it has been above its limit for just as long as is borne.
    pub(super) fn take(&mut self, value: f64, watch: &Divergence) -> Option<Excess> {
        let Some(first) = self.first else {
            self.first = Some(value);
            self.best = self.level.take(value, PACE);
            return None;
        };
        let best = self.best;
        let limit = best + (watch.factor - 1.0) * best.abs() + watch.margin * self.spread;
        let limit = limit.max(watch.floor * first.abs());
        // What lies above the limit does not count: it would widen the limit until a loss that ran away lies below it.
        if value <= limit {
            self.spread += PACE * ((value - self.level.mean).abs() - self.spread);
            self.best = best.min(self.level.take(value, PACE));
        }
        let it_lasts = lasts(value > limit, &mut self.above, &mut self.is_told, watch.patience);
        it_lasts.then_some(Excess { limit, usual: best })
    }
}

/// The losses of a game: they have no best value, only a usual size. Their sum is watched: where the game comes apart, the
/// two are wild in turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Swing {
    peak: f64,
    level: Option<f64>,
    pub(super) above: u64,
    is_told: bool,
}

impl Swing {
    /// As [`Descent::take`].
    pub(super) fn take(&mut self, size: f64, watch: &Divergence) -> Option<Excess> {
        let usual = self.peak.max(1.0);
        let limit = watch.game_factor * usual;
        if size <= limit {
            let level = self.level.map_or(size, |level| level + PACE * (size - level));
            self.level = Some(level);
            self.peak = self.peak.max(level);
        }
        let it_lasts = lasts(size > limit, &mut self.above, &mut self.is_told, watch.patience);
        it_lasts.then_some(Excess { limit, usual })
    }
}

/// Means of a loss over one window after the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Windows {
    sum: f64,
    count: u64,
    before: Option<f64>,
    is_flat: bool,
}

impl Windows {
    /// Takes a value; where a window ends that is the first without a fall, the means of the one before and of this one.
    pub(super) fn take(&mut self, value: f64, watch: &Plateau, is_judged: bool) -> Option<[f64; 2]> {
        self.sum += value;
        self.count += 1;
        if self.count < watch.window {
            return None;
        }
        let mean = self.sum / self.count as f64;
        let before = self.before.replace(mean);
        (self.sum, self.count) = (0.0, 0);
        let flat = before.filter(|before| is_judged && *before - mean < watch.improvement * before.abs());
        let was_flat = std::mem::replace(&mut self.is_flat, flat.is_some());
        flat.filter(|_| !was_flat).map(|before| [before, mean])
    }
}
