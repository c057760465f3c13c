//! `impasto train classifier`.

use std::sync::Arc;

use impasto_data::{Dataset, Options, Parts};
use impasto_models::classifier::{Config as Network, Settings};
use serde_json::{Value, json};

use super::args::open;
use super::course::{Page, Summary};
use crate::config::{Classifier, Config};
use crate::failure::Failure;
use crate::stages::classify::{Task, Trained};

/// Opens the data and sets the task.
pub(super) fn prepare(config: &Config) -> Result<Task, Failure> {
    let path = config.data()?;
    let parts = Parts::of(path)?;
    let data = open(&parts.train, config.size)?;
    if data.labels().is_none() {
        let way_out = "put them into a folder for each class, or add a labels.csv";
        return Err(Failure::usage(format!("{}: the pictures have no labels; {way_out}", path.display())));
    }
    let [_, channels, size, _] = data.shape();
    // A part to test with that comes with the data is used; otherwise a tenth is held back.
    let (train, held_out) = match &parts.test {
        Some(test) => {
            let alike = Options { size: Some(size), channels: Some(channels), ..Options::default() };
            let test = Dataset::open(test, &alike)?.with_classes(data.classes())?;
            (data, test)
        }
        None => hold_back(&data, config.seed)?,
    };
    let Classifier { net, width, depth, settings } = config.classifier.clone();
    let network = Network { net, depth, ..Network::new(channels, size, train.classes().to_vec(), width) };
    let settings = Settings { seed: config.seed, ..settings };
    Ok(Task { train: Arc::new(train), held_out, config: network, settings, batch: config.batch })
}

/// Of pictures without a test part, those to train on, and a tenth to score with.
pub(crate) fn hold_back(data: &Dataset, seed: u64) -> Result<(Dataset, Dataset), Failure> {
    Ok(data.split((data.len() / 10).max(data.classes().len()), seed)?)
}

impl Summary for Trained {
    fn page(self) -> Page {
        let text = format!("accuracy {:.4}", self.score.accuracy);
        let value: Value = json!({
            "accuracy": self.score.accuracy,
            "top_5": self.score.top_5,
            "calibration_error": self.score.calibration_error,
            "steps": self.steps,
        });
        Page { stage: self.stage, timeline: Vec::new(), text, value }
    }
}
