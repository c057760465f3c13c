//! `impasto train classifier`.

use std::path::Path;
use std::sync::Arc;

use impasto_data::{Dataset, Parts};
use impasto_models::classifier::{Config as Network, Settings};
use serde_json::{Value, json};

use super::args::open;
use super::course::{Page, Summary};
use crate::config::{Classifier, Config};
use crate::failure::Failure;
use crate::stages::classify::{Task, Trained};
use crate::ui::Ui;

/// Opens the data and sets the task; what is left out of the data is said to `ui`.
pub(super) fn prepare(config: &Config, ui: Option<&Ui>) -> Result<Task, Failure> {
    let path = config.data()?;
    let parts = Parts::of(path)?;
    let data = labelled(open(&parts.train, config.size, ui)?, path)?;
    let [_, channels, size, _] = data.shape();
    // A part to test with that comes with the data is used; otherwise a tenth is held back.
    let (train, held_out) = match &parts.test {
        Some(path) => {
            let test = labelled(open(path, config.size, ui)?, path)?.with_classes(data.classes())?;
            if test.shape()[1..] != data.shape()[1..] {
                let [seen, asked] = [&data, &test].map(|data| format!("{:?}", &data.shape()[1..]));
                let detail = format!("is of {asked} (channels, height, width), the pictures to train on of {seen}");
                return Err(Failure::usage(format!("{}: {detail}; set `size`", path.display())));
            }
            (data, test)
        }
        None => hold_back(&data, config.seed)?,
    };
    let Classifier { net, width, depth, settings } = config.classifier.clone();
    let network = Network { net, depth, ..Network::new(channels, size, train.classes().to_vec(), width) };
    let settings = Settings { seed: config.seed, ..settings };
    Ok(Task { train: Arc::new(train), held_out, config: network, settings, batch: config.batch })
}

/// Pictures that a classifier can learn from or be judged by.
pub(crate) fn labelled(data: Dataset, path: &Path) -> Result<Dataset, Failure> {
    if data.labels().is_none() {
        let way_out = "put them into a folder for each class, or add a labels.csv";
        return Err(Failure::usage(format!("{}: the pictures have no labels; {way_out}", path.display())));
    }
    Ok(data)
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
