//! Training a classifier and scoring it on pictures it has not seen.

use std::sync::Arc;

use impasto_data::Dataset;
use impasto_models::Params;
use impasto_models::classifier::{Config, Run, Score, Settings, evaluate};

use super::{Meter, Trace, percent};
use crate::budget::Budget;
use crate::failure::Failure;
use crate::feed::Feed;
use crate::report::{Confusion, Stage};
use crate::run_dir::RunDir;
use crate::ui::Ui;

const LESSON: &str = "A network learns to name pictures: it guesses, the gradient of its error says how each weight should \
                      change, and every weight moves a little. Pictures that were held back tell whether it has understood \
                      or learned by heart.";

/// What to train.
pub(crate) struct Task {
    pub(crate) train: Arc<Dataset>,
    pub(crate) held_out: Dataset,
    pub(crate) width: usize,
    pub(crate) batch: usize,
    pub(crate) budget: Budget,
    pub(crate) seed: u64,
}

/// A trained classifier.
pub(crate) struct Trained {
    pub(crate) params: Params,
    pub(crate) config: Config,
    pub(crate) score: Score,
    pub(crate) steps: u64,
    pub(crate) stage: Stage,
}

pub(crate) fn train<'u>(task: &Task, dir: &mut RunDir<'u>, ui: &'u Ui) -> Result<Trained, Failure> {
    let meter = Meter::start();
    ui.say(LESSON);
    let [_, channels, size, _] = task.train.shape();
    let config = Config::new(channels, size, task.train.classes().to_vec(), task.width);
    let begin = |steps: u64| {
        let feed = Feed::new(&task.train, task.batch, task.seed)?;
        let settings = Settings { steps, seed: task.seed, ..Settings::default() };
        Ok::<_, Failure>(Run::new(config.clone(), settings, feed)?)
    };
    let mut trial = begin(1)?;
    let steps = task.budget.steps(|| drop(trial.step()));
    let mut run = begin(steps)?;
    let mut trace = Trace::new("classifier", ui.progress("classifier", steps), Some(dir));
    for _ in 0..steps {
        trace.take(run.step())?;
    }
    let charts = vec![trace.chart("Error", "loss", &["loss"]), trace.chart("Batch accuracy", "share", &["accuracy"])];
    drop(trace);
    let checkpoint = run.checkpoint(&task.train.hash());
    dir.checkpoint("classifier", &checkpoint)?;
    let all: Vec<usize> = (0..task.held_out.len()).collect();
    let labels = task.held_out.labels_of(&all).unwrap_or_default();
    let score = evaluate(run.params(), &config, &task.held_out.tensor(&all), &labels);
    ui.say(format!("  right on {} of {} held-out pictures", percent(score.accuracy), all.len()));
    let mut stage = meter.stage("classifier", LESSON, steps);
    stage.facts = vec![
        ("held-out accuracy".into(), percent(score.accuracy)),
        ("held-out pictures".into(), all.len().to_string()),
        ("mean confidence".into(), percent(score.confidence)),
        ("weights".into(), run.params().count().to_string()),
    ];
    stage.charts = charts;
    stage.confusion = Some(Confusion { classes: config.classes.clone(), counts: score.confusion.clone() });
    Ok(Trained { params: run.params().clone(), config, score, steps, stage })
}
