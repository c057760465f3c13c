//! Training a GAN, with samples from the same noise along the way.

use std::sync::Arc;

use impasto_data::{Dataset, Kind, Mark, Picture, sheet};
use impasto_models::Params;
use impasto_models::classifier::{self, probabilities};
use impasto_models::gan::{Config, Run, Settings, generate};
use impasto_tensor::Tensor;

use super::{Meter, Trace, percent, pictures};
use crate::budget::Budget;
use crate::failure::Failure;
use crate::feed::Feed;
use crate::report::{Figure, Stage};
use crate::run_dir::RunDir;
use crate::ui::Ui;

const LESSON: &str = "Two networks play against each other: one makes pictures from noise, the other tells them from real \
                      ones. Each gets better because the other does, until the made pictures pass.";

/// Samples on a sheet.
const SHEET: usize = 64;
/// Sheets over the run.
const TIMELINE: u64 = 8;
/// The noise of the samples along the way.
const SAMPLE_SEED: u64 = 1;

/// What to train.
pub(crate) struct Task<'a> {
    pub(crate) data: Arc<Dataset>,
    pub(crate) width: usize,
    pub(crate) batch: usize,
    pub(crate) lr: f64,
    pub(crate) budget: Budget,
    pub(crate) seed: u64,
    /// A classifier that judges the samples, with its mean confidence on real pictures.
    pub(crate) judge: Option<(&'a Params, &'a classifier::Config, f64)>,
}

/// A trained GAN.
pub(crate) struct Trained {
    pub(crate) generator: Params,
    pub(crate) config: Config,
    pub(crate) steps: u64,
    /// The hash of the checkpoint.
    pub(crate) hash: String,
    pub(crate) stage: Stage,
    pub(crate) timeline: Vec<Figure>,
}

/// Sixty-four pictures as one, enlarged.
pub(crate) fn contact_sheet(images: &Tensor) -> Picture {
    sheet(&pictures(images), 8, 2, 2, [32, 32, 32])
}

pub(crate) fn train<'u>(task: &Task, dir: &mut RunDir<'u>, ui: &'u Ui) -> Result<Trained, Failure> {
    let meter = Meter::start();
    ui.say(LESSON);
    let config = Config::new(task.data.shape()[1], 64, task.width);
    let begin = |steps: u64| {
        let feed = Feed::new(&task.data, task.batch, task.seed)?;
        let settings = Settings { steps, lr: task.lr, seed: task.seed, ..Settings::default() };
        Ok::<_, Failure>(Run::new(config.clone(), settings, feed)?)
    };
    let mut trial = begin(1)?;
    let steps = task.budget.steps(|| drop(trial.step()));
    let mut run = begin(steps)?;
    let mut trace = Trace::new("gan", ui.progress("gan", steps), Some(dir));
    let mut timeline = Vec::new();
    let mark = Mark { seed: Some(SAMPLE_SEED), ..Mark::new(Kind::Generated) };
    for step in 1..=steps {
        trace.take(run.step())?;
        // Dense at the beginning, where most happens: at steps / 128, / 64, ..
        let due = (0..TIMELINE).any(|i| step == (steps >> i).max(1));
        if let (true, Some(dir)) = (due, trace.dir()) {
            let picture = contact_sheet(&generate(run.generator(), &config, SAMPLE_SEED, SHEET));
            let png = dir.picture(&format!("samples/gan-{step:08}.png"), &picture, Some(&mark))?;
            timeline.push(Figure { caption: format!("step {step}"), png, pixelated: true });
        }
    }
    let charts = vec![
        trace.chart("Losses", "loss", &["discriminator_loss", "generator_loss"]),
        trace.chart("How often the discriminator is right", "share", &["real_accuracy", "fake_accuracy"]),
    ];
    drop(trace);
    let hash = dir.checkpoint("gan", &run.checkpoint(&task.data.hash()))?;
    let mut stage = meter.stage("GAN", LESSON, steps);
    stage.charts = charts;
    stage.facts = vec![("generator weights".into(), run.generator().count().to_string())];
    if let Some((params, judge, real)) = task.judge {
        let verdict = judged(run.generator(), &config, params, judge);
        ui.say(format!(
            "  the classifier is {} sure of the samples, {} of real pictures; rarest class {}",
            percent(verdict.confidence),
            percent(real),
            verdict.rarest()
        ));
        stage.facts.push(("confidence on samples".into(), percent(verdict.confidence)));
        stage.facts.push(("confidence on real pictures".into(), percent(real)));
        stage.facts.extend(verdict.shares.iter().map(|(class, share)| (format!("samples: {class}"), percent(*share))));
    }
    Ok(Trained { generator: run.generator().clone(), config, steps, hash, stage, timeline })
}

/// What a classifier makes of samples.
struct Verdict {
    confidence: f64,
    shares: Vec<(String, f64)>,
}

impl Verdict {
    fn rarest(&self) -> String {
        let rarest = self.shares.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        rarest.map_or_else(String::new, |(class, share)| format!("{class}, {}", percent(*share)))
    }
}

fn judged(generator: &Params, config: &Config, params: &Params, judge: &classifier::Config) -> Verdict {
    const SAMPLES: usize = 2000;
    let samples = generate(generator, config, SAMPLE_SEED, SAMPLES);
    // The generator's pictures have a border that the classifier's do not.
    let side = samples.shape()[2];
    let cut = (side - judge.size.min(side)) / 2;
    let samples = samples.narrow(2, cut, judge.size).narrow(3, cut, judge.size);
    let probabilities = probabilities(params, judge, &samples);
    let mut counts = vec![0usize; judge.classes.len()];
    for class in probabilities.argmax_rows() {
        counts[class] += 1;
    }
    let highest = probabilities.data().chunks(counts.len()).map(|row| row.iter().fold(0.0, |m: f32, &p| m.max(p)));
    let confidence = highest.map(f64::from).sum::<f64>() / SAMPLES as f64;
    let shares = judge.classes.iter().cloned().zip(counts.iter().map(|&c| c as f64 / SAMPLES as f64)).collect();
    Verdict { confidence, shares }
}
