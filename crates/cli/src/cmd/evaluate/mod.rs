//! `impasto evaluate`: numbers for what a trained network does.

mod classifier;
mod gan;

use crate::failure::Failure;
use crate::ui::Ui;

/// Scores trained networks.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    Classifier(classifier::Args),
    Gan(gan::Args),
}

pub(crate) fn run(command: &Command, seed: u64, ui: &Ui) -> Result<(), Failure> {
    match command {
        Command::Classifier(args) => classifier::run(args, ui),
        Command::Gan(args) => gan::run(args, seed, ui),
    }
}
