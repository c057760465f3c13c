//! `impasto evaluate gan`: how near the pictures of a generator are to real ones.

use std::path::{Path, PathBuf};

use impasto_data::{Dataset, Options, Parts};
use impasto_models::gan::{generate, load};
use impasto_models::metrics::{Extractor, Panel};
use serde_json::json;

use crate::assets;
use crate::failure::Failure;
use crate::stages::draw::side;
use crate::stages::measure::{centre, features};
use crate::ui::Ui;

/// Samples, where nobody says how many, and the fewest that can be scored.
const USUAL: usize = 10_000;
const LEAST: usize = 1000;
/// Pairs of a sample and a training picture that are named.
const NAMED: usize = 5;

/// Scores a generator's pictures against real ones
#[derive(clap::Args)]
#[command(after_help = "Example: impasto evaluate gan gan.safetensors --data fashion-mnist/ --json")]
pub(crate) struct Args {
    /// A checkpoint of `create` or `train gan`
    #[arg(value_name = "CHECKPOINT")]
    model: PathBuf,
    /// The pictures that it was trained on; those of a test part, or else a tenth, count as unseen
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Pictures to make [default: 10000, or as many as there are to train on]
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// An extractor's checkpoint [default: the one for Fashion-MNIST]
    #[arg(long, value_name = "FILE")]
    extractor: Option<PathBuf>,
}

pub(super) fn run(args: &Args, seed: u64, ui: &Ui) -> Result<(), Failure> {
    let Args { model, data, samples, extractor } = args;
    let extractor = extractor.as_deref().map_or_else(assets::extractor, |path| Ok(Extractor::load(path)?))?;
    let (generator, meta) = load(model)?;
    let size = extractor.config().size;
    if meta.config.channels != extractor.config().channels || meta.config.size != side(size) {
        return Err(misfit(model, &extractor, [meta.config.channels, meta.config.size]));
    }
    let (training, held_out) = real(data, &extractor, seed, &meta.data, ui)?;
    let most = training.len();
    if most < LEAST {
        let detail = format!("has {most} pictures to train on; distances need {LEAST} at least");
        return Err(Failure::usage(format!("{}: {detail}", data.display())));
    }
    let samples = samples.unwrap_or(USUAL.min(most));
    if !(LEAST..=most).contains(&samples) {
        let detail = format!("expected {LEAST} to {most}, the training pictures, got {samples}");
        return Err(Failure::usage(format!("--samples: {detail}")));
    }
    ui.say(format!("  looking at {} real pictures", training.len() + held_out.len()));
    let [training, held_out] = [training, held_out].map(|data| features(&data, &extractor));
    let panel = Panel::new(extractor, training, held_out)?;
    ui.say(format!("  making {samples}"));
    let images = centre(&generate(&generator, &meta.config, seed, samples), size);
    let (scores, nearest) = panel.scores(&images)?;
    for score in &scores {
        ui.result(score, &serde_json::to_value(score).expect("plain data"));
    }
    for pair in nearest.pairs.iter().take(NAMED) {
        let (sample, training, distance) = (pair.sample, pair.training, pair.distance);
        let text = format!("sample {sample} is at {distance:.2} from training picture {training}");
        ui.result(text, &json!({ "sample": sample, "training": training, "distance": distance }));
    }
    Ok(())
}

fn misfit(path: &Path, extractor: &Extractor, [channels, size]: [usize; 2]) -> Failure {
    let wanted = extractor.config();
    let detail = format!("has {channels} channels at {size} px, the extractor `{}` wants", extractor.name());
    let way_out = "give one for such pictures with --extractor; crates/cli/examples/01_fashion_extractor.rs makes them";
    Failure::usage(format!("{}: {detail} {} at {} px; {way_out}", path.display(), wanted.channels, wanted.size))
}

/// The pictures for training, and those that were not trained on.
fn real(
    path: &Path,
    extractor: &Extractor,
    seed: u64,
    trained_on: &str,
    ui: &Ui,
) -> Result<(Dataset, Dataset), Failure> {
    let parts = Parts::of(path)?;
    // As the extractor sees pictures, and the generator makes them.
    let wanted = extractor.config();
    let options = Options { size: Some(wanted.size), channels: Some(wanted.channels), ..Options::default() };
    let data = Dataset::open(&parts.train, &options)?;
    if let Some(test) = &parts.test {
        return Ok((data, Dataset::open(test, &options)?));
    }
    if data.hash() == trained_on {
        let detail =
            "has no test part: the generator was trained on all of it, also on the tenth that counts as unseen";
        ui.warn(&format!("{}: {detail}", path.display()));
    }
    Ok(data.split((data.len() / 10).max(1), seed)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Random;

    #[test]
    fn the_embedded_extractor_knows_the_embedded_pictures() {
        let (extractor, data) = (assets::extractor().unwrap(), assets::fashion().unwrap());
        assert_eq!((extractor.name(), extractor.config().features), ("fmnist", 64));
        assert_eq!(extractor.config().classes, data.classes());
        let some = Random::new(0, 0).permutation(data.len())[..500].to_vec();
        let guesses = extractor.probabilities(&data.tensor(&some)).argmax_rows();
        let labels = data.labels_of(&some).unwrap();
        let right = guesses.iter().zip(&labels).filter(|&(&guess, &label)| guess == label as usize).count();
        assert!(right > 450, "{right}");
    }
}
