//! Training a GAN, with samples from the same noise along the way.

use std::sync::Arc;

use impasto_data::{Dataset, Kind, Mark, Picture, sheet};
use impasto_models::Params;
use impasto_models::classifier::{self, probabilities};
use impasto_models::engine::{Steps, Training};
use impasto_models::gan::{Config, Run, Settings, generate};
use impasto_models::team::Team;
use impasto_tensor::Tensor;

use super::job::{Job, origin};
use super::measure::Measure;
use super::{Record, Trace, percent, pictures};
use crate::failure::Failure;
use crate::feed::Feed;
use crate::report::{Figure, Stage};
use crate::run_dir::RunDir;
use crate::ui::Ui;

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
    /// All but the steps.
    pub(crate) settings: Settings,
    /// A classifier that judges the samples, with its mean confidence on real pictures.
    pub(crate) judge: Option<(&'a Params, &'a classifier::Config, f64)>,
    /// What chooses the best checkpoint.
    pub(crate) measure: Option<Measure>,
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

/// The side of what a GAN draws that learns from pictures of a side: those are put into the middle.
pub(crate) fn side(pictures: usize) -> usize {
    pictures.next_power_of_two().max(32)
}

/// Sixty-four pictures as one, enlarged.
pub(crate) fn contact_sheet(images: &Tensor) -> Picture {
    sheet(&pictures(images), 8, 2, 2, [32, 32, 32])
}

impl Job for Task<'_> {
    type Training = Run<Feed>;
    type Done = Trained;
    const NAME: &'static str = "gan";
    const LESSON: &'static str = "Two networks play against each other: one makes pictures from noise, the other tells them from \
                                  real ones. Each gets better because the other does, until the made pictures pass.";

    fn data(&self) -> String {
        self.data.hash()
    }

    fn batch(&self) -> usize {
        self.batch.min(self.data.len())
    }

    fn origins(&self) -> Vec<(String, String, String)> {
        vec![origin(&self.data)]
    }

    fn begin(&self, steps: u64, _parts: usize, team: &Arc<dyn Team>) -> Result<Self::Training, Failure> {
        if team.size() > 1 {
            return Err(Failure::usage(format!("a GAN is trained by one process, this is one of {}", team.size())));
        }
        let feed = Feed::new(&self.data, self.batch(), self.settings.seed)?;
        let [_, channels, height, _] = self.data.shape();
        let config = Config { size: side(height), ..Config::new(channels, 64, self.width) };
        Ok(Run::new(config, Settings { steps, ..self.settings.clone() }, feed)?)
    }

    fn after_step(&self, training: &Self::Training, trace: &mut Trace) -> Result<(), Failure> {
        let Steps { done, total } = training.steps();
        // Dense at the beginning, where most happens: at steps / 128, / 64, ..
        if (0..TIMELINE).any(|i| done == (total >> i).max(1)) {
            let picture = contact_sheet(&generate(training.generator(), training.config(), SAMPLE_SEED, SHEET));
            let mark = Mark { seed: Some(SAMPLE_SEED), ..Mark::new(Kind::Generated) };
            trace.sample(&picture);
            let dir = trace.dir_mut();
            let png = dir.picture(&sample(done), &picture, Some(&mark))?;
            dir.logs.image(Self::NAME, "samples", done, &png, [picture.width(), picture.height()])?;
        }
        Ok(())
    }

    const LARGER_IS_BETTER: bool = false;

    fn scores(&self, training: &Self::Training) -> Result<Vec<(&'static str, f64)>, Failure> {
        let distance = |measure: &Measure| measure.distance(training.generator(), training.config());
        Ok(self
            .measure
            .as_ref()
            .map(distance)
            .transpose()?
            .map(|distance| ("kernel_distance", distance))
            .into_iter()
            .collect())
    }

    fn finish(
        &self,
        training: &Self::Training,
        hash: String,
        record: &Record,
        dir: &RunDir,
        ui: &Ui,
    ) -> Result<Self::Done, Failure> {
        let (generator, config) = (training.generator().clone(), training.config().clone());
        let steps = training.steps().total;
        let mut stage = record.stage("GAN", Self::LESSON, steps);
        stage.charts = vec![
            record.chart("Losses", "loss", &["discriminator_loss", "generator_loss"]),
            record.chart("How often the discriminator is right", "share", &["real_accuracy", "fake_accuracy"]),
            record.chart("How much the samples of a batch differ", "deviation of a pixel", &["diversity"]),
        ];
        if self.measure.is_some() {
            stage.charts.push(record.chart("Kernel distance to real pictures", "distance", &["kernel_distance"]));
        }
        stage.facts = vec![("generator weights".into(), generator.count().to_string())];
        if let Some((params, judge, real)) = self.judge {
            let verdict = judged(&generator, &config, params, judge);
            ui.say(format!(
                "  the classifier is {} sure of the samples, {} of real pictures; rarest class {}",
                percent(verdict.confidence),
                percent(real),
                verdict.rarest()
            ));
            stage.facts.push(("confidence on samples".into(), percent(verdict.confidence)));
            stage.facts.push(("confidence on real pictures".into(), percent(real)));
            stage
                .facts
                .extend(verdict.shares.iter().map(|(class, share)| (format!("samples: {class}"), percent(*share))));
        }
        Ok(Trained { generator, config, steps, hash, stage, timeline: timeline(dir, steps)? })
    }
}

/// The file of the samples behind so many steps.
fn sample(step: u64) -> String {
    format!("samples/gan-{step:08}.png")
}

/// The samples that were drawn on the way, in this sitting or an earlier one.
fn timeline(dir: &RunDir, steps: u64) -> Result<Vec<Figure>, Failure> {
    let mut due: Vec<u64> = (0..TIMELINE).map(|i| (steps >> i).max(1)).collect();
    due.reverse();
    due.dedup();
    due.into_iter()
        .map(|step| Ok(Figure { caption: format!("step {step}"), png: dir.read(&sample(step))?, pixelated: false }))
        .collect()
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
