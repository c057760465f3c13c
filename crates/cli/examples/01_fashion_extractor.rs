//! Trains the extractor that comes with the program, `assets/fashion-extractor.safetensors`, and says how many of the 10,000 test
//! pictures it names rightly. PATH is the folder with the four files of Fashion-MNIST. The same code on the same vector
//! instructions gives the same bytes.
//!
//!     cargo run --release -p impasto --example 01_fashion_extractor PATH OUT

#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::{Path, PathBuf};

use impasto_data::{Batches as Order, Dataset, Options, Parts};
use impasto_models::metrics::extractor::{Config, Extractor, Settings, Training};
use impasto_models::{Batch, Batches};

const BATCH: usize = 64;

/// The training set in seeded random order.
struct Feed {
    data: Dataset,
    order: Order,
}

impl Batches for Feed {
    fn next(&mut self) -> Batch {
        let indices = self.order.next_indices();
        Batch { images: self.data.tensor(&indices), labels: self.data.labels_of(&indices).unwrap_or_default() }
    }
    fn position(&self) -> u64 {
        self.order.position()
    }
    fn seek(&mut self, position: u64) {
        self.order.seek(position);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(data), Some(out)) = (args.next(), args.next()) else {
        println!("skipped: expected the folder of Fashion-MNIST and a file to write");
        return Ok(());
    };
    let parts = Parts::of(&data)?;
    let open = |part| Dataset::open(part, &Options::default());
    let (train, test) = (open(&parts.train)?, open(&parts.test.ok_or("there are no pictures to test with")?)?);
    let [_, channels, size, _] = train.shape();
    let config = Config { channels, size, classes: train.classes().to_vec(), width: 32, features: 64 };
    let settings = Settings::default();
    let (steps, order, hash) = (settings.steps, Order::new(train.len(), BATCH, settings.seed)?, train.hash());
    let mut training = Training::new(config, settings, Feed { data: train, order })?;
    for _ in 0..steps {
        let event = training.step();
        if event.step % 250 == 0 {
            println!("step {} of {steps}: loss {:.4}", event.step, event.scalars[0].1);
        }
    }
    training.checkpoint("fmnist", &hash).save(&out)?;
    report(&out, &test)
}

fn report(path: &Path, test: &Dataset) -> Result<(), Box<dyn Error>> {
    let extractor = Extractor::load(path)?;
    let all: Vec<usize> = (0..test.len()).collect();
    let guesses = extractor.probabilities(&test.tensor(&all)).argmax_rows();
    let right = guesses.iter().zip(test.labels().unwrap_or_default()).filter(|&(&g, &l)| g == l as usize).count();
    let name = (extractor.name(), extractor.hash(), extractor.params().count());
    println!("{}-{}, {} weights: {right} of {} test pictures right", name.0, name.1, name.2, all.len());
    Ok(())
}
