//! Training.

use std::ops::Range;
use std::path::Path;

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
use crate::error::Error;
use crate::event::Event;
use crate::optim::{Adam, Method, Optimiser, Sgd, clip_global_norm, global_norm};
use crate::params::{Gradients, Params};
use crate::scope::Pass;

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
        Ok(Self { config, settings, params, average, optimiser, augmenter, batches, step: 0 })
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
        let lesson = self.augmenter.apply(self.batches.next(), &self.settings);
        let n = lesson.labels.len();
        let parts = self.settings.micro_batches.min(n).max(1);
        let mut sums = Sums::default();
        for i in 0..parts {
            self.learn(&lesson, i * n / parts..(i + 1) * n / parts, &mut sums);
        }
        let Sums { loss, accuracy, mut gradients } = sums;
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
        let scalars = vec![("loss", loss), ("accuracy", accuracy), ("learning_rate", lr), ("gradient_norm", norm)];
        Event { step: self.step, scalars }
    }

    /// Adds what some pictures of a batch teach, each counted as its part of the batch.
    fn learn(&mut self, lesson: &Lesson, range: Range<usize>, sums: &mut Sums) {
        let whole = range.len() == lesson.labels.len();
        let part = if whole { 1.0 } else { range.len() as f64 / lesson.labels.len() as f64 };
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
        sums.loss += part * f64::from(loss.item());
        sums.accuracy += right / lesson.labels.len() as f64;
        sums.add(pass.gradients(&loss), part);
        self.params.commit(pass.into_updates());
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
        let Meta { config, settings, counters, .. } = meta(&checkpoint, path)?;
        let mut run = Self::new(config, settings, batches).map_err(|e| e.within(path))?;
        let method = run.settings.optimiser;
        let wanted = match method {
            Method::Adam => Adam::moments(&run.params, counters.step),
            Method::Sgd => Sgd::velocities(&run.params, counters.step),
        };
        run.optimiser.restore(counters.step, checkpoint.part_like(path, method.name(), &wanted)?);
        if let Some(average) = &mut run.average {
            average.params = checkpoint.part_like(path, "average", &run.params)?;
        }
        run.params = checkpoint.part_like(path, "model", &run.params)?;
        run.augmenter.seek(&counters);
        run.batches.seek(counters.batches);
        run.step = counters.step;
        Ok(run)
    }
}

/// What the parts of a batch add up to.
#[derive(Default)]
struct Sums {
    loss: f64,
    accuracy: f64,
    gradients: Gradients,
}

impl Sums {
    fn add(&mut self, gradients: Gradients, part: f64) {
        if part == 1.0 {
            self.gradients = gradients;
            return;
        }
        let part = part as f32;
        for (path, gradient) in gradients {
            match self.gradients.get_mut(&path) {
                Some(sum) => sum.zip_assign(&gradient, |sum, g| sum + part * g),
                None => drop(self.gradients.insert(path, gradient.into_map(|g| part * g))),
            }
        }
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
    meta.config.check().map_err(|e| e.within(path))?;
    Ok(meta)
}
