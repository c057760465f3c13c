//! What only a GAN can suffer from: a discriminator that no longer judges, and samples that become alike.

use serde::{Deserialize, Serialize};

use super::course::{Level, lasts};
use super::watch::{Collapse, OneSided};

/// How fast the shares and the generator's loss are followed.
const PACE: f64 = 0.05;
/// The generator's loss rises if it is this many times what it was when the discriminator began to be always right.
const RISE: f64 = 1.2;

/// How a discriminator fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Side {
    Right,
    Wrong,
    Blind,
}

/// The verdicts of a discriminator over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Verdicts {
    real: Level,
    fake: Level,
    loss: Level,
    side: Option<Side>,
    /// Steps on end on that side.
    steps: u64,
    /// The generator's loss when they began.
    begun_at: f64,
    is_raised: bool,
}

impl Verdicts {
    /// Takes the shares of real and made pictures that the discriminator was right on, and the generator's loss.
    pub(super) fn take(&mut self, [real, fake, loss]: [f64; 3], watch: &OneSided) -> Option<String> {
        let [real, fake] = [self.real.take(real, PACE), self.fake.take(fake, PACE)];
        let loss = self.loss.take(loss, PACE);
        let (always, never) = (watch.share, 1.0 - watch.share);
        let side = match (real, fake) {
            (r, f) if r >= always && f >= always => Some(Side::Right),
            (r, f) if r <= never && f <= never => Some(Side::Wrong),
            (r, f) if r.max(f) >= always && r.min(f) <= never => Some(Side::Blind),
            _ => None,
        };
        if side != self.side {
            (self.side, self.steps, self.begun_at, self.is_raised) = (side, 0, loss, false);
        }
        self.steps += 1;
        let rises = loss - self.begun_at > (RISE - 1.0) * self.begun_at.abs();
        if self.is_raised || self.steps < watch.patience || (side == Some(Side::Right) && !rises) {
            return None;
        }
        let what = match side? {
            Side::Right => format!("always right, and the generator's loss rises: {:.3e} to {loss:.3e}", self.begun_at),
            Side::Wrong => "always wrong".to_owned(),
            Side::Blind => "blind: it says the same of real and of made pictures".to_owned(),
        };
        self.is_raised = true;
        let shares = format!("real_accuracy {real:.3}, fake_accuracy {fake:.3}");
        Some(format!("for {} steps the discriminator is {what} ({shares})", self.steps))
    }
}

/// The diversity of samples over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Diversity {
    level: Level,
    highest: f64,
    pub(super) below: u64,
    is_told: bool,
}

impl Diversity {
    pub(super) fn take(&mut self, value: f64, watch: &Collapse) -> Option<String> {
        /// It is reported rarely, so each value counts for more.
        const PACE: f64 = 0.3;
        self.highest = self.highest.max(self.level.take(value, PACE));
        let highest = self.highest;
        let it_lasts = lasts(value <= watch.share * highest, &mut self.below, &mut self.is_told, watch.patience);
        it_lasts.then(|| format!("diversity is {value:.3e}, it has been {highest:.3e}"))
    }
}
