//! Training a classifier and scoring it on pictures it has not seen.

use std::sync::Arc;

use impasto_data::{Dataset, encode_png};
use impasto_models::Params;
use impasto_models::classifier::{self, Config, Run, Score, Settings, evaluate};
use impasto_models::engine::Training;
use impasto_models::team::Team;

use super::job::{Job, origin};
use super::{Record, percent};
use crate::failure::Failure;
use crate::feed::Feed;
use crate::report::{Confusion, Metric, Mistake, Stage};
use crate::run_dir::RunDir;
use crate::ui::Ui;

/// Held-out pictures that a checkpoint is scored on.
const SCORED: usize = 2000;
/// Mistakes that the report shows.
const WORST: usize = 12;

/// What to train.
pub(crate) struct Task {
    pub(crate) train: Arc<Dataset>,
    pub(crate) held_out: Dataset,
    pub(crate) config: Config,
    /// All but the steps and the parts of a batch.
    pub(crate) settings: Settings,
    pub(crate) batch: usize,
}

/// A trained classifier.
pub(crate) struct Trained {
    pub(crate) params: Params,
    pub(crate) config: Config,
    pub(crate) score: Score,
    pub(crate) steps: u64,
    pub(crate) stage: Stage,
}

impl Task {
    /// The plain network for these pictures.
    pub(crate) fn plain(train: Dataset, held_out: Dataset, width: usize, batch: usize, seed: u64) -> Self {
        let [_, channels, size, _] = train.shape();
        let config = Config::new(channels, size, train.classes().to_vec(), width);
        Self { train: Arc::new(train), held_out, config, settings: Settings { seed, ..Settings::default() }, batch }
    }

    fn metrics(&self, score: &Score) -> Vec<Metric> {
        let metric = |name: String, value: String, meaning: &str| Metric { name, value, meaning: meaning.into() };
        let mut metrics = vec![
            metric(
                "top-1".into(),
                percent(score.accuracy),
                "the most probable class is the right one; higher is better",
            ),
            metric(
                "top-5".into(),
                percent(score.top_5),
                "the right one is among the five most probable; higher is better",
            ),
            metric(
                "log-likelihood".into(),
                format!("{:.3} nats", -score.negative_log_likelihood),
                "of the right class; higher is better",
            ),
        ];
        for (class, score) in self.config.classes.iter().zip(&score.classes) {
            let value = format!("{} / {}", percent(score.precision), percent(score.recall));
            metrics.push(metric(class.clone(), value, "precision / recall"));
        }
        metrics
    }

    fn shown(&self, mistake: &classifier::Mistake) -> Mistake {
        let class = |label: u32| self.config.classes[label as usize].clone();
        Mistake {
            png: encode_png(&self.held_out.picture(mistake.picture), None),
            class: class(mistake.label),
            guess: class(mistake.guess),
            confidence: mistake.confidence,
        }
    }

    /// Scores weights on held-out pictures: on every `stride`-th of them.
    fn evaluate(&self, params: &Params, stride: usize) -> Score {
        let some: Vec<usize> = (0..self.held_out.len()).step_by(stride.max(1)).collect();
        let labels = self.held_out.labels_of(&some).unwrap_or_default();
        evaluate(params, &self.config, &self.held_out.tensor(&some), &labels)
    }
}

impl Job for Task {
    type Training = Run<Feed>;
    type Done = Trained;
    const NAME: &'static str = "classifier";
    const LESSON: &'static str = "A network learns to name pictures: it guesses, the gradient of its error says how each weight \
                                  should change, and every weight moves a little. Pictures that were held back tell whether it \
                                  has understood or learned by heart.";

    const CAN_PART: bool = true;

    fn data(&self) -> String {
        self.train.hash()
    }

    fn batch(&self) -> usize {
        self.batch.min(self.train.len())
    }

    fn origins(&self) -> Vec<(String, String, String)> {
        vec![origin(&self.train)]
    }

    fn begin(&self, steps: u64, parts: usize, team: &Arc<dyn Team>) -> Result<Self::Training, Failure> {
        let pictures = self.batch();
        if team.size() > 1 && pictures < parts {
            let detail = format!("expected at least {parts}, a picture for each part, got {pictures}");
            return Err(Failure::usage(format!("--batch: {detail}")));
        }
        let feed = Feed::new(&self.train, self.batch(), self.settings.seed)?;
        let settings = Settings { steps, micro_batches: parts, ..self.settings.clone() };
        Ok(Run::new(self.config.clone(), settings, feed)?.in_team(Arc::clone(team))?)
    }

    fn scores(&self, training: &Self::Training) -> Result<Vec<(&'static str, f64)>, Failure> {
        let score = self.evaluate(training.params(), self.held_out.len().div_ceil(SCORED));
        Ok(vec![("held_out_accuracy", score.accuracy), ("held_out_loss", score.negative_log_likelihood)])
    }

    fn rehearse_end(&self, training: &Self::Training) {
        self.evaluate(training.params(), 1);
    }

    fn finish(
        &self,
        training: &Self::Training,
        _hash: String,
        record: &Record,
        _dir: &RunDir,
        ui: &Ui,
    ) -> Result<Self::Done, Failure> {
        let params = training.params().clone();
        let all: Vec<usize> = (0..self.held_out.len()).collect();
        let labels = self.held_out.labels_of(&all).unwrap_or_default();
        let score = evaluate(&params, &self.config, &self.held_out.tensor(&all), &labels);
        let pictures = all.len();
        ui.say(format!("  right on {} of {pictures} held-out pictures", percent(score.accuracy)));
        let steps = training.steps().total;
        let mut stage = record.stage("classifier", Self::LESSON, steps);
        stage.facts = vec![
            ("held-out accuracy".into(), percent(score.accuracy)),
            ("held-out pictures".into(), pictures.to_string()),
            ("mean confidence".into(), percent(score.confidence)),
            ("weights".into(), params.count().to_string()),
        ];
        stage.charts = vec![
            record.chart("Error", "loss", &["loss", "held_out_loss"]),
            record.chart("Accuracy", "share", &["accuracy", "held_out_accuracy"]),
        ];
        stage.metrics = self.metrics(&score);
        stage.calibration.clone_from(&score.calibration);
        stage.mistakes = score.mistakes.iter().take(WORST).map(|mistake| self.shown(mistake)).collect();
        stage.confusion = Some(Confusion { classes: self.config.classes.clone(), counts: score.confusion.clone() });
        Ok(Trained { params, config: self.config.clone(), score, steps, stage })
    }
}
