//! `impasto train`: a classifier or a GAN on a data set of the user's, and `train resume`, which goes on with either.

mod args;
mod classifier;
mod course;
mod gan;
mod resume;

use std::path::PathBuf;
use std::sync::Arc;

use impasto_models::team::Team;

use crate::config::{Config, Kind};
use crate::failure::Failure;
use crate::team;
use crate::ui::Ui;
pub(crate) use args::RunArgs;
pub(crate) use classifier::{hold_back, labelled};

/// Trains networks.
#[derive(clap::Subcommand)]
#[command(after_help = "Example: impasto train classifier --data fashion-mnist/ --minutes 3")]
pub(crate) enum Command {
    /// Trains a classifier on labelled pictures
    #[command(after_help = "Example: impasto train classifier --data fashion-mnist/ --minutes 3")]
    Classifier {
        #[command(flatten)]
        run: RunArgs,
        /// The pattern: plain, resnet, vgg or mlp [default: plain]
        #[arg(long, value_name = "NET")]
        net: Option<String>,
    },
    /// Trains a generator against a discriminator
    #[command(after_help = "Example: impasto train gan --data fashion-mnist/ --minutes 20")]
    Gan {
        #[command(flatten)]
        run: RunArgs,
        /// A classifier's checkpoint that judges the samples
        #[arg(long, value_name = "FILE")]
        judge: Option<PathBuf>,
    },
    /// Goes on with a run that was interrupted
    #[command(after_help = "Example: impasto train resume impasto-run")]
    Resume {
        /// The run's directory
        run: PathBuf,
        /// Where the pictures are now, if they were moved
        #[arg(long, value_name = "PATH")]
        data: Option<PathBuf>,
        /// Save and end after so many minutes, done or not [default: as the run was told]
        #[arg(long, value_name = "M")]
        max_minutes: Option<f64>,
        /// Show curves and samples on the whole terminal
        #[arg(long)]
        tui: bool,
    },
}

pub(crate) fn run(command: &Command, seed: Option<u64>, ui: &Ui) -> Result<(), Failure> {
    let team = team::join()?;
    let outcome = if team.rank() == 0 { lead(command, seed, &team, ui) } else { course::follow(&team) };
    if let Err(failure) = &outcome
        && team.size() > 1
    {
        ui.error(failure);
        team::give_up(&*team, failure.exit_code());
    }
    outcome
}

fn lead(command: &Command, seed: Option<u64>, team: &Arc<dyn Team>, ui: &Ui) -> Result<(), Failure> {
    match command {
        Command::Classifier { run, net } => {
            let net = net.iter().map(|net| ("classifier.net", net.as_str().into()));
            start(run, &run.config(Kind::Classifier, seed, net)?, team, ui)
        }
        Command::Gan { run, judge } => {
            let judge = judge.as_deref().map(args::text).transpose()?.map(|path| ("gan.judge", path.into()));
            start(run, &run.config(Kind::Gan, seed, judge)?, team, ui)
        }
        Command::Resume { .. } if seed.is_some() => {
            Err(Failure::usage("--seed: a run is resumed with its own; leave it out"))
        }
        Command::Resume { run, data, max_minutes, tui } => {
            resume::run(run, data.as_deref(), *max_minutes, team, &ui.with_dashboard(*tui)?)
        }
    }
}

fn start(args: &RunArgs, config: &Config, team: &Arc<dyn Team>, ui: &Ui) -> Result<(), Failure> {
    let ui = &ui.with_dashboard(args.tui)?;
    match config.train {
        Kind::Classifier => course::start(&classifier::prepare(config, Some(ui))?, config, args, team, ui),
        Kind::Gan => gan::with(config, ui, |task| course::start(task, config, args, team, ui)),
    }
}

/// What a training by a file of settings would take; nothing is written.
pub(crate) fn plan(config: &Config, ui: &Ui) -> Result<(), Failure> {
    match config.train {
        Kind::Classifier => course::plan_only(&classifier::prepare(config, Some(ui))?, config, ui),
        Kind::Gan => gan::with(config, ui, |task| course::plan_only(task, config, ui)),
    }
}
