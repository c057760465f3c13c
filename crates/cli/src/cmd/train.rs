//! `impasto train`: a classifier or a GAN on a data set of the user's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use impasto_data::{Dataset, Options, Split};
use impasto_models::classifier::{self, evaluate};
use serde_json::json;

use crate::budget::Budget;
use crate::failure::Failure;
use crate::report::{Report, render};
use crate::run_dir::RunDir;
use crate::stages::{classify, draw};
use crate::ui::Ui;

/// Trains networks.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Trains a classifier on labelled pictures
    #[command(after_help = "Example: impasto train classifier --data fashion-mnist/ --minutes 3")]
    Classifier {
        #[command(flatten)]
        run: RunArgs,
        /// Channels of the first layer
        #[arg(long, value_name = "N", default_value_t = 24)]
        width: usize,
    },
    /// Trains a generator against a discriminator
    #[command(after_help = "Example: impasto train gan --data fashion-mnist/ --minutes 20")]
    Gan {
        #[command(flatten)]
        run: RunArgs,
        /// The learning rate of both networks
        #[arg(long, value_name = "X", default_value_t = 1e-3)]
        lr: f64,
        /// Channels of the layer next to the picture
        #[arg(long, value_name = "N", default_value_t = 24)]
        width: usize,
        /// A classifier's checkpoint that judges the samples
        #[arg(long, value_name = "FILE")]
        judge: Option<PathBuf>,
    },
}

/// What both trainings take.
#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// A folder of pictures, or IDX files
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Directory for the run [default: impasto-run, -2, ..]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Steps to train
    #[arg(long, value_name = "N", conflicts_with = "minutes")]
    steps: Option<u64>,
    /// Minutes to train; the steps that fit are counted first
    #[arg(long, value_name = "M", default_value_t = 5.0)]
    minutes: f64,
    /// Pictures in a batch
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch: usize,
}

impl RunArgs {
    fn budget(&self) -> Result<Budget, Failure> {
        match self.steps {
            Some(0) => Err(Failure::usage("--steps: expected at least 1, got 0")),
            Some(steps) => Ok(Budget::Steps(steps)),
            None if self.minutes > 0.0 => Ok(Budget::Seconds(60.0 * self.minutes)),
            None => Err(Failure::usage(format!("--minutes: expected more than 0, got {}", self.minutes))),
        }
    }

    /// The pictures: IDX files as they are, folders at 32 pixels.
    fn open(&self, split: Split) -> Result<Dataset, Failure> {
        let options = Options { split, ..Options::default() };
        let data = Dataset::open(&self.data, &options)?;
        if data.shape()[2] <= 32 {
            return Ok(data);
        }
        Ok(Dataset::open(&self.data, &Options { size: Some(32), ..options })?)
    }
}

pub(crate) fn run(command: &Command, seed: u64, ui: &Ui) -> Result<(), Failure> {
    match command {
        Command::Classifier { run, width } => classifier(run, *width, seed, ui),
        Command::Gan { run, lr, width, judge } => gan(run, *lr, *width, judge.as_deref(), seed, ui),
    }
}

fn classifier(args: &RunArgs, width: usize, seed: u64, ui: &Ui) -> Result<(), Failure> {
    let budget = args.budget()?;
    let data = args.open(Split::Train)?;
    if data.labels().is_none() {
        let way_out = "put them into a folder for each class, or add a labels.csv";
        return Err(Failure::usage(format!("{}: the pictures have no labels; {way_out}", args.data.display())));
    }
    // A test set that comes with the data is used; otherwise a tenth is held back.
    let (train, held_out) = match args.open(Split::Test) {
        Ok(test) if test.hash() != data.hash() => (data, test),
        _ => data.split((data.len() / 10).max(data.classes().len()), seed)?,
    };
    let mut dir = RunDir::create(args.out.as_deref(), ui)?;
    let task = classify::Task { train: Arc::new(train), held_out, width, batch: args.batch, budget, seed };
    let trained = classify::train(&task, &mut dir, ui)?;
    let command = format!(
        "impasto train classifier --data DATA --steps {} --batch {} --width {width} --seed {seed}",
        trained.steps, args.batch
    );
    finish(&dir, ui, "impasto train classifier", command, seed, trained.stage, Vec::new())?;
    let value = json!({ "accuracy": trained.score.accuracy, "steps": trained.steps });
    ui.result(format!("accuracy {:.4}", trained.score.accuracy), &value);
    Ok(())
}

fn gan(args: &RunArgs, lr: f64, width: usize, judge: Option<&Path>, seed: u64, ui: &Ui) -> Result<(), Failure> {
    let budget = args.budget()?;
    let data = Arc::new(args.open(Split::Train)?);
    let judge = judge.map(|path| load_judge(path, args)).transpose()?;
    let mut dir = RunDir::create(args.out.as_deref(), ui)?;
    let judge = judge.as_ref().map(|(params, config, real)| (params, config, *real));
    let task = draw::Task { data, width, batch: args.batch, lr, budget, seed, judge };
    let trained = draw::train(&task, &mut dir, ui)?;
    let command = format!(
        "impasto train gan --data DATA --steps {} --batch {} --width {width} --lr {lr} --seed {seed}",
        trained.steps, args.batch
    );
    finish(&dir, ui, "impasto train gan", command, seed, trained.stage, trained.timeline)?;
    ui.result(format!("{} steps", trained.steps), &json!({ "steps": trained.steps, "model": trained.hash }));
    Ok(())
}

type Judge = (impasto_models::Params, classifier::Config, f64);

/// A classifier, and its mean confidence on pictures of the data set's test part.
fn load_judge(path: &Path, args: &RunArgs) -> Result<Judge, Failure> {
    let (params, meta) = classifier::load(path)?;
    let real = args.open(Split::Test).or_else(|_| args.open(Split::Train))?;
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

fn finish(
    dir: &RunDir,
    ui: &Ui,
    title: &str,
    command: String,
    seed: u64,
    stage: crate::report::Stage,
    timeline: Vec<crate::report::Figure>,
) -> Result<(), Failure> {
    dir.config(&json!({ "command": command, "seed": seed, "steps": stage.steps }))?;
    let report = Report {
        title: title.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        seed,
        command,
        stages: vec![stage],
        timeline,
        ..Report::default()
    };
    ui.wrote(&dir.write("report.html", render(&report).as_bytes())?);
    Ok(())
}
