//! `impasto evaluate classifier`: how often it is right, on which classes, and whether it knows.

use std::path::PathBuf;

use impasto_data::{Dataset, Options, Parts};
use impasto_models::classifier::{Config as Network, Meta, Score, load, probabilities, probabilities_flipped};
use serde_json::{Value, json};

use crate::cmd::train::{hold_back, labelled};
use crate::failure::Failure;
use crate::stages::percent;
use crate::ui::Ui;

/// Scores a classifier on labelled pictures
#[derive(clap::Args)]
#[command(
    after_help = "Example: impasto evaluate classifier run/checkpoints/classifier.safetensors --data fashion-mnist/"
)]
pub(crate) struct Args {
    /// A checkpoint of `create` or `train classifier`
    #[arg(value_name = "CHECKPOINT")]
    model: PathBuf,
    /// Labelled pictures; of a set with a test part, that part is taken, of those it was trained on, what was held back
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Take the mean over each picture and its mirror image
    #[arg(long)]
    flip: bool,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let (params, meta) = load(&args.model)?;
    let network = &meta.config;
    let (data, held_back) = pictures(args, &meta, ui)?;
    let all: Vec<usize> = (0..data.len()).collect();
    let labels = data.labels_of(&all).expect("the pictures have labels");
    let judge = if args.flip { probabilities_flipped } else { probabilities };
    let score = Score::new(&judge(&params, network, &data.tensor(&all)), &labels);
    if data.hash() == meta.data {
        ui.warn(&format!("{}: it was trained on these very pictures", args.data.display()));
    }
    let mut value = value(&score, data.len(), &network.classes);
    value["held_back"] = json!(held_back);
    ui.result(text(&score, data.len(), &network.classes), &value);
    Ok(())
}

/// The pictures, as the network was made for them: the test part, or those that training held back, or all; and whether they are what
/// was held back.
fn pictures(args: &Args, meta: &Meta, ui: &Ui) -> Result<(Dataset, bool), Failure> {
    let Network { size, channels, .. } = meta.config;
    let options = Options { size: Some(size), channels: Some(channels), ..Options::default() };
    let parts = Parts::of(&args.data)?;
    let (data, held_back) = match &parts.test {
        Some(test) => (Dataset::open(test, &options)?, false),
        None => not_trained_on(Dataset::open(&parts.train, &options)?, meta, ui),
    };
    Ok((labelled(data, &args.data)?.with_classes(&meta.config.classes)?, held_back))
}

/// Those that training held back, if it was with these pictures; all if not. And which of the two.
fn not_trained_on(all: Dataset, meta: &Meta, ui: &Ui) -> (Dataset, bool) {
    match hold_back(&all, meta.settings.seed) {
        Ok((train, held_out)) if train.hash() == meta.data => {
            let (some, all) = (held_out.len(), all.len());
            ui.say(format!("  it was trained on these pictures; scored on the {some} of {all} that were held back"));
            (held_out, true)
        }
        _ => (all, false),
    }
}

fn text(score: &Score, pictures: usize, classes: &[String]) -> String {
    let mut lines = vec![
        format!("top-1 {} of {pictures} pictures, top-5 {}", percent(score.accuracy), percent(score.top_5)),
        format!("-ln p {:.4} nats, calibration error {:.4}", score.negative_log_likelihood, score.calibration_error),
        String::new(),
    ];
    let width = classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
    lines.push(format!("{:width$}  precision  recall  pictures  taken for another class", ""));
    for (i, (class, of)) in classes.iter().zip(&score.classes).enumerate() {
        let row = &score.confusion[i];
        let other = (0..classes.len()).filter(|&j| j != i && row[j] > 0).max_by_key(|&j| row[j]);
        let other = other.map_or(String::new(), |j| format!("{} as {}", row[j], classes[j]));
        lines.push(format!(
            "{class:width$}  {:>9}  {:>6}  {:>8}  {other}",
            percent(of.precision),
            percent(of.recall),
            of.pictures
        ));
    }
    lines.join("\n")
}

fn value(score: &Score, pictures: usize, classes: &[String]) -> Value {
    let of = |(class, of): (&String, &impasto_models::classifier::ClassScore)| json!({ "class": class, "precision": of.precision, "recall": of.recall, "f1": of.f1, "pictures": of.pictures });
    json!({
        "pictures": pictures,
        "accuracy": score.accuracy,
        "top_5": score.top_5,
        "negative_log_likelihood": score.negative_log_likelihood,
        "calibration_error": score.calibration_error,
        "classes": classes.iter().zip(&score.classes).map(of).collect::<Vec<_>>(),
        "confusion": score.confusion,
    })
}
