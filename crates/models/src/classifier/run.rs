//! Training.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use impasto_autograd::Var;
use impasto_autograd::fns::cross_entropy_smoothed;
use impasto_autograd::ops::cross_entropy;
use serde::{Deserialize, Serialize};

use super::augmenter::{Augmenter, Lesson};
use super::net::{Config, network};
use super::settings::Settings;
use crate::batches::Batches;
use crate::checkpoint::Checkpoint;
use crate::ema::Ema;
use crate::engine::{Steps, Training};
use crate::error::Error;
use crate::event::Event;
use crate::optim::{Adam, Method, Optimiser, Sgd, clip_global_norm, global_norm};
use crate::params::Params;
use crate::parts::{self, Taught};
use crate::scope::Pass;
use crate::sentinel::Inspection;
use crate::team::{Alone, Team};

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Steps done.
    pub step: u64,
    /// Batches taken.
    pub batches: u64,
    /// Random words drawn to flip and move pictures.
    pub augment: u64,
    /// Random words drawn to change colours.
    #[serde(default)]
    pub colour: u64,
    /// Random words drawn to cover parts of pictures.
    #[serde(default)]
    pub cutout: u64,
    /// Random words drawn to mix pictures.
    #[serde(default)]
    pub mix: u64,
}

/// What a checkpoint says besides weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The network.
    pub config: Config,
    /// The run.
    pub settings: Settings,
    /// How far it is.
    pub counters: Counters,
    /// The hash of the training data.
    pub data: String,
}

/// A training run: owns all of its state.
pub struct Run<B> {
    config: Config,
    settings: Settings,
    params: Params,
    average: Option<Ema>,
    optimiser: Box<dyn Optimiser + Send>,
    augmenter: Augmenter,
    batches: B,
    step: u64,
    team: Arc<dyn Team>,
}

impl<B: Batches> Run<B> {
    /// A run from the beginning.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn new(config: Config, settings: Settings, batches: B) -> Result<Self, Error> {
        config.check()?;
        settings.check(&config)?;
        let params = config.create(settings.seed);
        let average = (settings.ema > 0.0).then(|| Ema::new(&params, settings.ema));
        let (optimiser, augmenter) = (settings.optimiser(), Augmenter::new(settings.seed));
        Ok(Self { config, settings, params, average, optimiser, augmenter, batches, step: 0, team: Arc::new(Alone) })
    }

    /// The same run by one process of a team: each takes its turn at the parts of a batch.
    ///
    /// # Errors
    /// Unless there are as many parts for each process as for the others: `micro_batches` is to be a multiple of their number.
    pub fn in_team(mut self, team: Arc<dyn Team>) -> Result<Self, Error> {
        let (parts, size) = (self.settings.micro_batches, team.size());
        if !parts.is_multiple_of(size) {
            return Err(Error::setting(
                "micro_batches",
                format!("expected a multiple of {size} processes, got {parts}"),
            ));
        }
        self.team = team;
        Ok(self)
    }

    /// The weights to judge with: their average if the run keeps one, else the latest.
    pub fn params(&self) -> &Params {
        self.average.as_ref().map_or(&self.params, |average| &average.params)
    }

    /// The weights as they are now, which the next step changes.
    pub fn latest(&self) -> &Params {
        &self.params
    }

    /// The network's configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// One batch forward and backward, one change of the weights.
    ///
    /// Reports `loss`, `accuracy` (with mixed pictures, each label counts as much as it is in the picture), `learning_rate` and
    /// `gradient_norm`, the norm before clipping.
    pub fn step(&mut self) -> Event {
        self.advance(false).0
    }

    fn advance(&mut self, look: bool) -> (Event, Option<Inspection>) {
        let lesson = self.augmenter.apply(self.batches.next(), &self.settings);
        let n = lesson.labels.len();
        let parts = self.settings.micro_batches.min(n).max(1);
        let Taught { loss, accuracy, mut gradients, updates } =
            parts::learn(&*self.team, n, parts, |range| self.learn(&lesson, range));
        self.params.commit(updates);
        let norm = match self.settings.clip {
            limit if limit > 0.0 => clip_global_norm(&mut gradients, limit),
            _ => global_norm(&gradients),
        };
        let lr = self.settings.learning_rate(self.step);
        self.optimiser.step(&mut self.params, &gradients, lr);
        self.step += 1;
        if let Some(average) = &mut self.average {
            average.follow(&self.params, self.step);
        }
        let (loss, accuracy) = (f64::from(loss), f64::from(accuracy));
        let scalars = vec![("loss", loss), ("accuracy", accuracy), ("learning_rate", lr), ("gradient_norm", norm)];
        let event = Event { step: self.step, scalars };
        let inspection = (look || event.broken().is_some()).then(|| Inspection::of(&self.params, &gradients));
        (event, inspection)
    }

    /// What some pictures of a batch teach.
    fn learn(&self, lesson: &Lesson, range: Range<usize>) -> Taught {
        let whole = range.len() == lesson.labels.len();
        let images = if whole { lesson.images.clone() } else { lesson.images.slice(range.clone()) };
        let pass = Pass::train(&self.params);
        let logits = network(&pass.root(), &self.config, &Var::constant(images));
        let guesses = logits.value().argmax_rows();
        let right = |labels: &[u32]| {
            guesses.iter().zip(labels).filter(|&(&guess, &label)| guess == label as usize).count() as f64
        };
        let smoothing = self.settings.label_smoothing;
        let loss = |labels: &[u32]| match smoothing {
            0.0 => cross_entropy(&logits, labels),
            part => cross_entropy_smoothed(&logits, labels, part),
        };
        let own = &lesson.labels[range.clone()];
        let (loss, right) = match (lesson.share, lesson.others.get(range)) {
            (share, Some(others)) if share < 1.0 => {
                (loss(own) * share + loss(others) * (1.0 - share), right(own) * share + right(others) * (1.0 - share))
            }
            _ => (loss(own), right(own)),
        };
        let accuracy = (right / own.len() as f64) as f32;
        Taught { loss: loss.item(), accuracy, gradients: pass.gradients(&loss), updates: pass.into_updates() }
    }

    /// All of the run's state, and the hash of its training data.
    pub fn checkpoint(&self, data: &str) -> Checkpoint {
        let mut counters = Counters { step: self.step, batches: self.batches.position(), ..Counters::default() };
        self.augmenter.save(&mut counters);
        let meta =
            Meta { config: self.config.clone(), settings: self.settings.clone(), counters, data: data.to_owned() };
        let mut checkpoint = Checkpoint::new("classifier", &meta);
        checkpoint.put("model", &self.params);
        checkpoint.put(self.settings.optimiser.name(), self.optimiser.state());
        if let Some(average) = &self.average {
            checkpoint.put("average", &average.params);
        }
        checkpoint
    }

    /// Goes on where a checkpoint was made: the steps that follow are, bit for bit, those of the run that made it.
    ///
    /// # Errors
    /// If the checkpoint is not that of a classifier, or not whole.
    pub fn resume(path: &Path, batches: B) -> Result<Self, Error> {
        let checkpoint = Checkpoint::load_kind(path, "classifier")?;
        let Meta { config, settings, .. } = meta(&checkpoint, path)?;
        let mut run = Self::new(config, settings, batches).map_err(|e| e.within(path))?;
        run.restore(&checkpoint, path)?;
        Ok(run)
    }
}

impl<B: Batches> Training for Run<B> {
    fn steps(&self) -> Steps {
        Steps { done: self.step, total: self.settings.steps }
    }

    fn step(&mut self, look: bool) -> (Event, Option<Inspection>) {
        self.advance(look)
    }

    fn checkpoint(&self, data: &str) -> Checkpoint {
        Self::checkpoint(self, data)
    }

    fn restore(&mut self, checkpoint: &Checkpoint, path: &Path) -> Result<(), Error> {
        checkpoint.is_kind(path, "classifier")?;
        let Meta { config, settings, counters, .. } = meta(checkpoint, path)?;
        let fresh = config.create(settings.seed);
        let wanted = match settings.optimiser {
            Method::Adam => Adam::moments(&fresh, counters.step),
            Method::Sgd => Sgd::velocities(&fresh, counters.step),
        };
        self.optimiser = settings.optimiser();
        self.optimiser.restore(counters.step, checkpoint.part_like(path, settings.optimiser.name(), &wanted)?);
        self.params = checkpoint.part_like(path, "model", &fresh)?;
        self.average = None;
        if settings.ema > 0.0 {
            let mut average = Ema::new(&self.params, settings.ema);
            average.params = checkpoint.part_like(path, "average", &fresh)?;
            self.average = Some(average);
        }
        self.augmenter.seek(&counters);
        self.batches.seek(counters.batches);
        (self.config, self.settings, self.step) = (config, settings, counters.step);
        Ok(())
    }

    fn soften(&mut self, factor: f64) {
        self.settings.lr *= factor;
    }

    fn weights(&self) -> Vec<(&'static str, &Params)> {
        vec![("model", &self.params)]
    }
}

/// The weights of a trained classifier, the average if the run kept one, and what its checkpoint says besides.
///
/// # Errors
/// If the checkpoint is not that of a classifier, or not whole.
pub fn load(path: &Path) -> Result<(Params, Meta), Error> {
    open(&Checkpoint::load_kind(path, "classifier")?, path)
}

/// [`load`], of a checkpoint that was read.
pub(crate) fn open(checkpoint: &Checkpoint, path: &Path) -> Result<(Params, Meta), Error> {
    let meta = meta(checkpoint, path)?;
    let part = if meta.settings.ema > 0.0 { "average" } else { "model" };
    Ok((checkpoint.part_like(path, part, &meta.config.create(0))?, meta))
}

fn meta(checkpoint: &Checkpoint, path: &Path) -> Result<Meta, Error> {
    let meta: Meta = checkpoint.meta(path)?;
    meta.config.check().and_then(|()| meta.settings.check(&meta.config)).map_err(|e| e.within(path))?;
    Ok(meta)
}
