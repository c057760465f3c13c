//! `impasto train gan`.

use std::path::Path;
use std::sync::Arc;

use impasto_data::Parts;
use impasto_models::{Params, classifier, classifier::evaluate, gan::Settings};
use serde_json::json;

use super::args::open;
use super::course::{Page, Summary};
use crate::config::{Config, Gan};
use crate::failure::Failure;
use crate::stages::draw::{Task, Trained};
use crate::stages::measure::Measure;
use crate::ui::Ui;

/// Opens the data and hands on the task, which borrows its judge.
pub(super) fn with<R>(config: &Config, ui: &Ui, go: impl FnOnce(&Task) -> Result<R, Failure>) -> Result<R, Failure> {
    let path = config.data()?;
    let parts = Parts::of(path)?;
    let data = Arc::new(open(&parts.train, config.size, Some(ui))?);
    let Gan { width, judge, settings } = config.gan.clone();
    let judge = judge.map(|judge| load_judge(&judge, &parts, config.size)).transpose()?;
    let judge = judge.as_ref().map(|(params, config, real)| (params, config, *real));
    let settings = Settings { seed: config.seed, ..settings };
    let measure = Measure::of(&data, config.seed)?;
    go(&Task { data, width, batch: config.batch, settings, judge, measure })
}

type Judge = (Params, classifier::Config, f64);

/// A classifier, and its mean confidence on pictures to test with, or those to train on where there are none.
fn load_judge(path: &Path, data: &Parts, size: Option<usize>) -> Result<Judge, Failure> {
    let (params, meta) = classifier::load(path)?;
    let real = open(data.test.as_ref().unwrap_or(&data.train), size, None)?;
    let [_, channels, size, _] = real.shape();
    if (channels, size) != (meta.config.channels, meta.config.size) {
        let detail = format!("judges {} px pictures, the data has {size} px", meta.config.size);
        return Err(Failure::usage(format!("{}: {detail}; train a classifier on this data", path.display())));
    }
    let (known, given) = (meta.config.classes.len(), real.classes().len());
    if real.labels().is_some() && given > known {
        let detail = format!("judges {known} classes, the data has {given}");
        return Err(Failure::usage(format!("{}: {detail}; train a classifier on this data", path.display())));
    }
    let some: Vec<usize> = (0..real.len().min(10_000)).collect();
    let labels = real.labels_of(&some).unwrap_or_else(|| vec![0; some.len()]);
    let score = evaluate(&params, &meta.config, &real.tensor(&some), &labels);
    Ok((params, meta.config, score.confidence))
}

impl Summary for Trained {
    fn page(self) -> Page {
        let (text, value) = (format!("{} steps", self.steps), json!({ "steps": self.steps, "model": self.hash }));
        Page { stage: self.stage, timeline: self.timeline, text, value }
    }
}
