//! `impasto plan`: what a training would take.

use std::path::PathBuf;

use super::train;
use crate::config::{Config, Layer, Preset};
use crate::failure::Failure;
use crate::ui::Ui;

/// Says what a training would take: weights, arithmetic, time, memory, disk.
///
/// A few steps are done and timed; nothing is written.
#[derive(clap::Args)]
#[command(after_help = "Example: impasto plan settings.toml --set data=fashion-mnist/ --set minutes=60")]
pub(crate) struct Args {
    /// A TOML file of settings, or the directory of a run
    config: PathBuf,
    /// Settings for a time; those of the file come before them
    #[arg(long, value_name = "TIME")]
    preset: Option<Preset>,
    /// Any setting, as `batch=128`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

pub(crate) fn run(args: &Args, seed: Option<u64>, ui: &Ui) -> Result<(), Failure> {
    let path = if args.config.is_dir() { args.config.join("config.toml") } else { args.config.clone() };
    let mut layers = vec![Layer::file(&path)?];
    if let Some(preset) = args.preset {
        if args.config.is_dir() {
            return Err(Failure::usage(
                "--preset: a run has all of its settings; name a file, or give some with --set",
            ));
        }
        let train = Config::of(vec![Layer::file(&path)?])?.train;
        layers.insert(0, preset.layer(train));
    }
    layers.extend(seed.map(|seed| Layer::of("--seed", &[("seed", toml::Value::Integer(seed as i64))])));
    for assignment in &args.set {
        layers.push(Layer::set(assignment)?);
    }
    train::plan(&Config::of(layers)?, ui)
}
