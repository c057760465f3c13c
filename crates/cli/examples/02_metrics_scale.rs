//! The scale of the metrics: what `evaluate gan` says of 10,000 real pictures that were never trained on (no generator can do
//! better), of the same ones spoilt, and how long each metric takes. PATH is the folder with the four files of Fashion-MNIST.
//!
//!     cargo run --release -p impasto --example 02_metrics_scale PATH

#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use impasto_autograd::Var;
use impasto_autograd::fns::{Padding, upfirdn2d};
use impasto_data::{Dataset, Options, Parts};
use impasto_models::metrics::{
    Extractor, Gaussian, Panel, Subsets, density_coverage, inception_score, kernel_distance, memorisation,
    precision_recall,
};
use impasto_tensor::{Random, Tensor};

fn blur(images: &Tensor) -> Tensor {
    upfirdn2d(&Var::constant(images.clone()), &[1.0, 2.0, 1.0], [1, 1], Padding::Replicate).into_value()
}

fn noise(images: &Tensor, deviation: f32) -> Tensor {
    let noise: Tensor = Random::new(2, 0).normal(images.shape(), 0.0, 1.0);
    images.zip(&noise, |x, n| (x + deviation * n).clamp(0.0, 1.0))
}

fn timed<R>(what: &str, work: impl FnOnce() -> R) -> R {
    let begun = Instant::now();
    let result = work();
    println!("  {:>6.2} s  {what}", begun.elapsed().as_secs_f64());
    result
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(path) = std::env::args_os().nth(1).map(PathBuf::from) else {
        println!("skipped: expected the folder of Fashion-MNIST");
        return Ok(());
    };
    let extractor = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fashion-extractor.safetensors");
    let extractor = Extractor::load(&extractor)?;
    let parts = Parts::of(&path)?;
    let open = |part| Dataset::open(part, &Options::default());
    let tensor = |data: Dataset| data.tensor(&(0..data.len()).collect::<Vec<_>>());
    let (train, test) =
        (tensor(open(&parts.train)?), tensor(open(&parts.test.ok_or("there are no pictures to test with")?)?));
    println!("seconds");
    let training = timed("features of 60,000", || extractor.features(&train));
    let (held_out, probabilities) = timed("features and probabilities of 10,000", || extractor.look(&test));
    let gaussian = timed("fcd: mean and covariance of 60,000", || Gaussian::fit(&training))?;
    timed("fcd: those of 10,000, and the distance", || Gaussian::fit(&held_out).map(|g| g.distance(&gaussian)))?;
    timed("kid: 100 subsets of 1,000", || kernel_distance(&held_out, &training, Subsets::default()))?;
    let alike = training.slice(0..test.shape()[0]);
    timed("precision and recall of 10,000 and 10,000", || precision_recall(&held_out, &alike, 3))?;
    timed("density and coverage of 10,000 and 10,000", || density_coverage(&held_out, &alike, 5))?;
    timed("memorisation of 10,000 and 10,000 in 60,000", || memorisation(&held_out, &training, &held_out))?;
    timed("the Inception score of 10,000", || inception_score(&probabilities, 10))?;

    let panel = Panel::new(extractor, training, held_out)?;
    let sets = [
        ("training pictures", train.slice(0..test.shape()[0])),
        ("test pictures", test.clone()),
        ("blurred by 1 2 1", blur(&test)),
        ("noise of 0.1", noise(&test, 0.1)),
        ("noise of 0.2", noise(&test, 0.2)),
    ];
    for (name, images) in &sets {
        println!("{name}");
        for score in panel.scores(images)?.0 {
            println!("  {score}");
        }
    }
    Ok(())
}
