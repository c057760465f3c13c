//! [`Engine`]: goes through a training, whatever is trained, watches it, and says what is to be done after each step.
//!
//! It reads no clock and writes no file. The caller does what a [`Verdict`] asks for, so that the same run is the same run
//! behind a progress bar, in a test, and after it was killed and resumed.
//!
//! ```
//! use impasto_models::engine::{Engine, Policy, Verdict};
//! # use impasto_models::{Batch, Batches, classifier::{Config, Run, Settings}};
//! # use impasto_tensor::Tensor;
//! # struct Still;
//! # impl Batches for Still {
//! #     fn next(&mut self) -> Batch {
//! #         Batch { images: Tensor::from_fn([2, 1, 8, 8], |i| (i % 9) as f32 / 9.0), labels: vec![0, 1] }
//! #     }
//! #     fn position(&self) -> u64 { 0 }
//! #     fn seek(&mut self, _: u64) {}
//! # }
//! # let (batches, config) = (Still, Config::new(1, 8, vec!["a".into(), "b".into()], 2));
//! let run = Run::new(config, Settings { steps: 6, ..Settings::default() }, batches)?;
//! let mut engine = Engine::new(run, "hash of the data", Policy { checkpoint_every: 4, ..Policy::default() });
//! let mut saved = Vec::new();
//! loop {
//!     let turn = engine.turn();
//!     match turn.verdict {
//!         Verdict::GoOn => {}
//!         Verdict::Save => saved.push((turn.event.step, engine.checkpoint())),
//!         Verdict::Done => break,
//!         Verdict::RollBack | Verdict::Stop => panic!("{:?}", turn.alarms),
//!     }
//! }
//! assert_eq!(saved[0].0, 4);
//! # Ok::<(), impasto_models::Error>(())
//! ```

mod training;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::event::Event;
use crate::sentinel::{Action, Alarm, Sentinel, Watch};
pub use training::{Steps, Training};

/// Where a checkpoint's metadata holds the engine's own state.
const ENTRY: &str = "engine";
/// Where it holds what the run was told.
const TERMS: &str = "terms";
/// The steps at the beginning that are inspected one and all.
const FIRST: u64 = 5;
/// What stays of the learning rate when a run goes back.
const SOFTER: f64 = 0.5;

/// When an engine looks, saves and gives up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Steps from one checkpoint to the next; 0 for none but the last. While a loss is above its limit or the samples are
    /// alike, though not yet for long enough to raise an alarm, a checkpoint that is due waits.
    pub checkpoint_every: u64,
    /// Steps from one inspection of the parameters to the next; 0 for none. The first few steps are inspected too: what is
    /// cut off from the loss is so from the beginning.
    pub look_every: u64,
    /// How often a run may go back to a checkpoint before it is stopped.
    pub most_roll_backs: u32,
    /// What the sentinel watches.
    pub watch: Watch,
}

impl Default for Policy {
    fn default() -> Self {
        Self { checkpoint_every: 0, look_every: 50, most_roll_backs: 3, watch: Watch::default() }
    }
}

/// What is to be done after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The next step.
    GoOn,
    /// Save [`Engine::checkpoint`], then go on.
    Save,
    /// All steps are done: save the checkpoint.
    Done,
    /// Something went wrong: [`Engine::roll_back`] to the last checkpoint, or stop if there is none.
    RollBack,
    /// Something went wrong: end the run without saving what is broken.
    Stop,
}

/// A step, and what follows from it.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What the step reported.
    pub event: Event,
    /// What the sentinel says of it.
    pub alarms: Vec<Alarm>,
    /// What is to be done.
    pub verdict: Verdict,
}

/// What a checkpoint keeps of the engine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    sentinel: Sentinel,
    roll_backs: u32,
    best: Option<f64>,
    /// Whether a checkpoint is due that was put off until the sentinel is at ease.
    owes: bool,
}

/// A training with its sentinel and its policy.
pub struct Engine<T> {
    training: T,
    data: String,
    terms: Value,
    policy: Policy,
    state: State,
}

impl<T: Training> Engine<T> {
    /// An engine at the training's present step. `data` is the hash of what it learns from.
    pub fn new(training: T, data: impl Into<String>, policy: Policy) -> Self {
        let state = State { sentinel: Sentinel::new(policy.watch.clone()), ..State::default() };
        Self { training, data: data.into(), terms: Value::Null, policy, state }
    }

    /// The same engine with what the run was told, as a table. Every checkpoint holds it, and one that has another value for
    /// the same key is not gone on from.
    #[must_use]
    pub fn on(self, terms: Value) -> Self {
        Self { terms, ..self }
    }

    /// What is trained.
    pub fn training(&self) -> &T {
        &self.training
    }

    /// How far it has come.
    pub fn steps(&self) -> Steps {
        self.training.steps()
    }

    /// One step, and what is to be done after it.
    pub fn turn(&mut self) -> Turn {
        let due = |step: u64, every: u64| every > 0 && step.is_multiple_of(every);
        let next = self.training.steps().done + 1;
        let every = self.policy.look_every;
        let (event, inspection) = self.training.step(due(next, every) || (every > 0 && next <= FIRST));
        let alarms = self.state.sentinel.look(&event, inspection.as_ref());
        self.state.owes |= due(next, self.policy.checkpoint_every);
        let verdict = match alarms.iter().map(|a| a.action).max() {
            Some(Action::RollBack) if self.state.roll_backs < self.policy.most_roll_backs => Verdict::RollBack,
            Some(Action::Stop | Action::RollBack) => Verdict::Stop,
            _ if self.training.steps().left() == 0 => Verdict::Done,
            _ if self.state.owes && !self.state.sentinel.is_uneasy() => Verdict::Save,
            _ => Verdict::GoOn,
        };
        self.state.owes &= verdict != Verdict::Save;
        Turn { event, alarms, verdict }
    }

    /// Takes a score of the present weights, larger being better, and tells whether none was as good before.
    pub fn is_best(&mut self, score: f64) -> bool {
        let is_best = self.state.best.is_none_or(|best| score > best);
        if is_best {
            self.state.best = Some(score);
        }
        is_best
    }

    /// The whole state of the run.
    pub fn checkpoint(&self) -> Checkpoint {
        let mut checkpoint = self.training.checkpoint(&self.data);
        checkpoint.meta[ENTRY] = serde_json::to_value(&self.state).expect("the state is plain data");
        if !self.terms.is_null() {
            checkpoint.meta[TERMS] = self.terms.clone();
        }
        checkpoint
    }

    /// Goes on where a checkpoint was made: the steps that follow are, bit for bit, those of the run that made it. `path` is
    /// where it was read from.
    ///
    /// # Errors
    /// If the checkpoint is not one of such a training, or of other data, or of a run that was told otherwise.
    pub fn restore(&mut self, checkpoint: &Checkpoint, path: &Path) -> Result<(), Error> {
        if let Some((key, made, told)) = difference(&checkpoint.meta[TERMS], &self.terms, "") {
            let detail =
                format!("was made with {key} = {made}, the run is told {told}; set it back, or train anew with --out");
            return Err(Error::format(path, detail));
        }
        let made_with = checkpoint.meta.get("data").and_then(|data| data.as_str());
        if made_with.is_some_and(|made_with| made_with != self.data) {
            let detail = "was made with other pictures; name the same data, or train anew with --out";
            return Err(Error::format(path, detail));
        }
        // A checkpoint that was made before there was an engine has none.
        let mut state = checkpoint
            .meta
            .get(ENTRY)
            .map_or_else(|| Ok(State::default()), State::deserialize)
            .map_err(|e| Error::format(path, format!("the state of its run is not usable: {e}")))?;
        state.sentinel.watch_for(self.policy.watch.clone());
        self.training.restore(checkpoint, path)?;
        self.state = state;
        Ok(())
    }

    /// Goes back to a checkpoint to go on more gently: with half of the learning rate, and half of that if it comes to the same
    /// again. Killed and resumed, a run goes back as it did before.
    ///
    /// # Errors
    /// As [`restore`](Engine::restore).
    pub fn roll_back(&mut self, checkpoint: &Checkpoint, path: &Path) -> Result<(), Error> {
        let roll_backs = self.state.roll_backs + 1;
        self.restore(checkpoint, path)?;
        self.training.soften(SOFTER.powi((roll_backs - self.state.roll_backs) as i32));
        self.state.roll_backs = roll_backs;
        Ok(())
    }
}

/// The first value that two tables have both and do not agree on, with its key.
fn difference<'a>(made: &'a Value, told: &'a Value, key: &str) -> Option<(String, &'a Value, &'a Value)> {
    match (made, told) {
        (Value::Object(made), Value::Object(told)) => made.iter().find_map(|(name, made)| {
            let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            difference(made, told.get(name)?, &key)
        }),
        (Value::Null, _) | (_, Value::Null) => None,
        _ => (made != told).then(|| (key.to_owned(), made, told)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::params::Params;
    use crate::sentinel::{Divergence, Inspection};

    /// Reports losses that were written down before, and is whatever step it is at.
    struct Scripted {
        losses: Vec<f64>,
        step: u64,
        lr: f64,
    }
    impl Training for Scripted {
        fn steps(&self) -> Steps {
            Steps { done: self.step, total: self.losses.len() as u64 }
        }
        fn step(&mut self, _: bool) -> (Event, Option<Inspection>) {
            self.step += 1;
            (Event { step: self.step, scalars: vec![("loss", self.losses[self.step as usize - 1])] }, None)
        }
        fn checkpoint(&self, _: &str) -> Checkpoint {
            Checkpoint::new("scripted", &json!({ "step": self.step }))
        }
        fn restore(&mut self, checkpoint: &Checkpoint, _: &Path) -> Result<(), Error> {
            (self.step, self.lr) = (checkpoint.meta["step"].as_u64().expect("a step"), 1.0);
            Ok(())
        }
        fn soften(&mut self, factor: f64) {
            self.lr *= factor;
        }
        fn weights(&self) -> Vec<(&'static str, &Params)> {
            Vec::new()
        }
    }

    /// An engine that saves every ten steps and goes back after three of a hundred steps above the limit, from step 59 on.
    fn engine(high: u64) -> Engine<Scripted> {
        let loss = |step: u64| if (59..59 + high).contains(&step) { 1e6 } else { 2.0 + 1.0 / step as f64 };
        let training = Scripted { losses: (1..=100).map(loss).collect(), step: 0, lr: 1.0 };
        let divergence = Divergence { patience: 3, action: Action::RollBack, ..Divergence::default() };
        let watch = Watch { divergence, ..Watch::default() };
        Engine::new(training, "", Policy { checkpoint_every: 10, watch, ..Policy::default() })
    }

    #[test]
    fn a_run_that_is_told_otherwise_does_not_go_on() {
        let told = |lr: f64| engine(0).on(json!({ "batch": 64, "classifier": { "lr": lr } }));
        let saved = told(0.1).checkpoint();
        assert!(told(0.1).restore(&saved, Path::new("saved")).is_ok());
        let error = told(0.3).restore(&saved, Path::new("saved")).unwrap_err().to_string();
        assert!(error.starts_with("saved: was made with classifier.lr = 0.1, the run is told 0.3"), "{error}");
        assert!(engine(0).restore(&saved, Path::new("saved")).is_ok(), "nothing was told");
    }

    #[test]
    fn what_is_watched_can_be_changed_on_the_way() {
        let mut saved = engine(50);
        (0..58).for_each(|_| drop(saved.turn()));
        let saved = saved.checkpoint();
        let mut engine = engine(50);
        engine.policy.watch.divergence.action = Action::Off;
        engine.restore(&saved, Path::new("saved")).unwrap();
        let turns: Vec<Turn> = (58..100).map(|_| engine.turn()).collect();
        assert!(turns.iter().all(|turn| turn.alarms.is_empty()));
        assert!(turns.iter().any(|turn| turn.verdict == Verdict::Save), "what is not watched keeps no checkpoint back");
    }

    #[test]
    fn a_checkpoint_waits_while_a_loss_is_above_its_limit() {
        let mut engine = engine(2);
        let turns = (0..100).map(|_| engine.turn());
        let saved: Vec<u64> = turns.filter(|t| t.verdict == Verdict::Save).map(|t| t.event.step).collect();
        assert_eq!(saved, [10, 20, 30, 40, 50, 61, 70, 80, 90]);
    }

    #[test]
    fn a_run_goes_back_to_a_checkpoint_from_before_the_trouble() {
        let mut engine = engine(50);
        let mut saved = engine.checkpoint();
        for back in 1..=Policy::default().most_roll_backs {
            let turn = loop {
                let turn = engine.turn();
                match turn.verdict {
                    Verdict::Save => saved = engine.checkpoint(),
                    Verdict::GoOn => {}
                    _ => break turn,
                }
            };
            assert_eq!((turn.event.step, turn.verdict), (61, Verdict::RollBack), "{:?}", turn.alarms);
            engine.roll_back(&saved, Path::new("saved")).unwrap();
            assert_eq!((engine.steps().done, engine.training().lr), (50, SOFTER.powi(back as i32)));
        }
        let last = std::iter::repeat_with(|| engine.turn()).find(|turn| turn.verdict != Verdict::GoOn).unwrap();
        assert_eq!(last.verdict, Verdict::Stop);
    }
}
