//! `impasto classify`: what a classifier takes photos for.

use std::path::PathBuf;

use impasto_data::Decoder;
use impasto_models::classifier::{load, probabilities};
use impasto_tensor::Tensor;
use serde_json::{Value, json};

use super::each;
use crate::assets;
use crate::failure::Failure;
use crate::stages::percent;
use crate::ui::Ui;

/// Tells what pictures show, with the probability of each class
#[derive(clap::Args)]
#[command(after_help = "Example: impasto classify photo.jpg --model run/checkpoints/classifier.safetensors --json")]
pub(crate) struct Args {
    /// Pictures; the central square of each is looked at
    #[arg(value_name = "PHOTO", required = true)]
    photos: Vec<PathBuf>,
    /// A checkpoint of `create` or `train classifier` [default: one that knows the garments of Fashion-MNIST, light on black]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Classes to name, the most probable first
    #[arg(long, value_name = "N", default_value_t = 3)]
    top: usize,
}

/// What looks: side and channels of what it looks at, its classes, and the look itself.
struct Judge {
    size: usize,
    channels: usize,
    classes: Vec<String>,
    probabilities: Box<dyn Fn(&Tensor) -> Tensor>,
}

impl Judge {
    fn of(args: &Args) -> Result<Self, Failure> {
        let Some(model) = &args.model else {
            let extractor = assets::extractor()?;
            let config = extractor.config().clone();
            return Ok(Self {
                size: config.size,
                channels: config.channels,
                classes: config.classes,
                probabilities: Box::new(move |images| extractor.probabilities(images)),
            });
        };
        let (params, meta) = load(model)?;
        let config = meta.config;
        Ok(Self {
            size: config.size,
            channels: config.channels,
            classes: config.classes.clone(),
            probabilities: Box::new(move |images| probabilities(&params, &config, images)),
        })
    }
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    if args.top == 0 {
        return Err(Failure::usage("--top: expected at least 1, got 0"));
    }
    let judge = Judge::of(args)?;
    let decoder = Decoder::default();
    each(&args.photos, ui, |photo| {
        let picture = decoder.open(photo)?.standard(judge.size, judge.channels);
        let row = (judge.probabilities)(&picture.to_tensor().reshape([1, judge.channels, judge.size, judge.size]));
        let mut classes: Vec<(&str, f32)> =
            judge.classes.iter().map(String::as_str).zip(row.data().iter().copied()).collect();
        classes.sort_by(|a, b| b.1.total_cmp(&a.1));
        classes.truncate(args.top);
        let text: Vec<String> =
            classes.iter().map(|(class, p)| format!("{class} {}", percent(f64::from(*p)))).collect();
        let guesses: Vec<Value> =
            classes.iter().map(|(class, p)| json!({ "class": class, "probability": p })).collect();
        let path = photo.display().to_string();
        ui.result(format!("{path}: {}", text.join(", ")), &json!({ "file": path, "guesses": guesses }));
        Ok(())
    })
}
