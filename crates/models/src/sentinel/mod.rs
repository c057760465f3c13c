//! [`Sentinel`]: watches a training and says what is going wrong while something can still be done about it.
//!
//! It never acts: an [`Alarm`] names what it has seen and the [`Action`] that the user asked for, and the run does it.
//!
//! ```
//! use impasto_models::Event;
//! use impasto_models::sentinel::{Action, Kind, Sentinel, Watch};
//!
//! let mut sentinel = Sentinel::new(Watch::default());
//! let event = |step, loss| Event { step, scalars: vec![("loss", loss)] };
//! assert!((1..=100).all(|step| sentinel.look(&event(step, 2.0 / step as f64), None).is_empty()));
//! let alarms = sentinel.look(&event(101, f64::NAN), None);
//! assert_eq!((alarms[0].kind, alarms[0].action), (Kind::NonFinite, Action::Stop));
//! assert_eq!(alarms[0].to_string(), "step 101: loss is NaN");
//! ```

mod course;
mod game;
mod idle;
mod inspection;
mod watch;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::Event;
use course::{Descent, Excess, Swing, Windows};
use game::{Diversity, Verdicts};
use idle::Idle;
pub use inspection::{Inspected, Inspection};
pub use watch::{Action, Collapse, Dead, Divergence, OneSided, Plateau, Watch};

/// The loss that is meant to fall.
const LOSS: &str = "loss";
/// The losses of a game.
const GAME: [&str; 2] = ["discriminator_loss", "generator_loss"];

/// What is going wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A number, a parameter or a gradient is not finite.
    NonFinite,
    /// A loss runs away.
    Divergence,
    /// A loss no longer falls.
    Plateau,
    /// Weights get no gradient.
    Dead,
    /// The discriminator no longer judges.
    OneSided,
    /// Samples become alike.
    Collapse,
}

/// Something is going wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// In one word.
    pub kind: Kind,
    /// When it was seen.
    pub step: u64,
    /// What was seen: the number or the parameter by name, its value, and the norm of the gradient if it is known.
    pub what: String,
    /// What the user wants done about it.
    pub action: Action,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.what)
    }
}

/// Watches one training. Its state is small and can be saved: restored with the run's checkpoint, it goes on exactly.
///
/// An alarm is raised once, and again only if what it tells of has ended in between.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sentinel {
    watch: Watch,
    is_broken: bool,
    descent: Descent,
    windows: Windows,
    highest_rate: f64,
    swing: Swing,
    idle: Idle,
    verdicts: Verdicts,
    diversity: Diversity,
}

impl Sentinel {
    /// A sentinel that has seen nothing yet.
    pub fn new(watch: Watch) -> Self {
        Self { watch, ..Self::default() }
    }

    /// Watches for something else from now on, with what it has seen so far.
    pub fn watch_for(&mut self, watch: Watch) {
        self.watch = watch;
    }

    /// Takes what a step reported, and now and then what the parameters look like; says what is going wrong.
    pub fn look(&mut self, event: &Event, inspection: Option<&Inspection>) -> Vec<Alarm> {
        let norm = inspection.and_then(Inspection::gradient_norm);
        let norm = norm.map_or_else(String::new, |norm| format!("; the norm of the gradient is {norm:.3e}"));
        let mut alarms = Vec::new();
        let mut raise = |kind, action, what: Option<String>| {
            if let (Some(what), true) = (what, action > Action::Off) {
                alarms.push(Alarm { kind, step: event.step, what: what + &norm, action });
            }
        };
        let broken = broken(event, inspection);
        raise(Kind::NonFinite, self.watch.non_finite, broken.clone().filter(|_| !self.is_broken));
        self.is_broken = broken.is_some();
        raise(Kind::Divergence, self.watch.divergence.action, self.divergence(event));
        raise(Kind::Plateau, self.watch.plateau.action, self.plateau(event));
        // A broken gradient is zero nowhere and says nothing of what is dead.
        let dead = inspection.filter(|_| broken.is_none()).and_then(|seen| self.idle.take(seen, &self.watch.dead));
        raise(Kind::Dead, self.watch.dead.action, dead);
        let verdicts = match ["real_accuracy", "fake_accuracy", "generator_loss"].map(|name| finite(event, name)) {
            [Some(real), Some(fake), Some(loss)] => self.verdicts.take([real, fake, loss], &self.watch.one_sided),
            _ => None,
        };
        raise(Kind::OneSided, self.watch.one_sided.action, verdicts);
        let diversity = finite(event, "diversity").and_then(|v| self.diversity.take(v, &self.watch.collapse));
        raise(Kind::Collapse, self.watch.collapse.action, diversity);
        alarms
    }

    /// Whether something that would roll the run back or end it has been seen, and not for long enough to raise an alarm: a
    /// checkpoint made now may be one of a run that has already gone wrong.
    pub fn is_uneasy(&self) -> bool {
        let Watch { divergence, collapse, .. } = &self.watch;
        let runs_away = divergence.action >= Action::RollBack && self.descent.above + self.swing.above > 0;
        let collapses = collapse.action >= Action::RollBack && self.diversity.below > 0;
        runs_away || collapses
    }

    fn divergence(&mut self, event: &Event) -> Option<String> {
        let watch = &self.watch.divergence;
        let steps = watch.patience;
        let alone = finite(event, LOSS).and_then(|loss| {
            let Excess { limit, usual } = self.descent.take(loss, watch)?;
            Some(format!("loss is {loss:.3e}, was at best {usual:.3e} and may be {limit:.3e} for {steps} steps"))
        });
        let [Some(judge), Some(maker)] = GAME.map(|name| finite(event, name)) else { return alone };
        let game = self.swing.take(judge.abs() + maker.abs(), watch).map(|Excess { limit, usual }| {
            let losses = format!("{} is {judge:.3e} and {} is {maker:.3e}", GAME[0], GAME[1]);
            format!("{losses}, their sizes add up to {usual:.3e} as a rule and may to {limit:.3e} for {steps} steps")
        });
        let both: Vec<String> = [alone, game].into_iter().flatten().collect();
        (!both.is_empty()).then(|| both.join("; "))
    }

    fn plateau(&mut self, event: &Event) -> Option<String> {
        let watch = &self.watch.plateau;
        let rate = finite(event, "learning_rate");
        self.highest_rate = rate.map_or(self.highest_rate, |rate| self.highest_rate.max(rate));
        let is_judged = rate.is_none_or(|rate| rate > watch.while_rate * self.highest_rate);
        let [before, now] = self.windows.take(finite(event, LOSS)?, watch, is_judged)?;
        let steps = watch.window;
        Some(format!("loss no longer falls: its mean over {steps} steps was {before:.4e} and is {now:.4e}"))
    }
}

fn finite(event: &Event, name: &str) -> Option<f64> {
    event.scalar(name).filter(|value| value.is_finite())
}

/// The first number, parameter and gradient that are not finite, by name.
fn broken(event: &Event, inspection: Option<&Inspection>) -> Option<String> {
    let number = event.scalars.iter().find(|(_, value)| !value.is_finite());
    let number = number.map(|(name, value)| format!("{name} is {value}"));
    let parameters = inspection.map_or(&[][..], |seen| &seen.parameters);
    let tell = |what: &str, is_broken: &dyn Fn(&Inspected) -> bool| {
        let mut all = parameters.iter().filter(|p| is_broken(p));
        let first = &all.next()?.path;
        Some(match all.count() {
            0 => format!("{what} {first} is not finite"),
            n => format!("{what} {first} and {n} more are not finite"),
        })
    };
    let parameter = tell("parameter", &|p| !p.is_finite);
    let gradient = tell("the gradient of", &|p| p.gradient_norm.is_some_and(|norm| !norm.is_finite()));
    let found: Vec<String> = [number, parameter, gradient].into_iter().flatten().collect();
    (!found.is_empty()).then(|| found.join("; "))
}

#[cfg(test)]
mod tests;
