//! What a run writes down step by step: `log.jsonl` for programs, CSV files of each stage for spreadsheets, and event files
//! for TensorBoard (`tensorboard --logdir RUN/tensorboard`), a folder a stage, so that each is a run of its own there.
//!
//! Every step is written when it is reported, so a run that is killed has lost no line. A run that goes on from a checkpoint
//! drops what was written after it: each step is in each log once.

mod csv;
mod cut;
mod histogram;
mod jsonl;
mod proto;
mod tensorboard;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use impasto_models::Event;
use impasto_models::sentinel::Alarm;

use self::csv::Csv;
use self::jsonl::Jsonl;
use self::tensorboard::EventFile;
use crate::failure::Failure;

/// All logs of a run.
pub(crate) struct Logs {
    folder: PathBuf,
    /// The stage that was resumed and the step of its checkpoint.
    resumed_from: Option<(String, u64)>,
    jsonl: Jsonl,
    /// By name: the stage, or its scores.
    csv: BTreeMap<String, Csv>,
    /// By stage.
    events: BTreeMap<String, EventFile>,
}

impl Logs {
    /// Begins the logs of a run in its folder.
    pub(crate) fn create(folder: &Path) -> Result<Self, Failure> {
        Self::open(folder, None)
    }

    /// Goes on with the logs of a run whose stage was saved at a step: what they hold from there on is dropped, so that the
    /// steps that follow are written once.
    pub(crate) fn resume(folder: &Path, stage: &str, step: u64) -> Result<Self, Failure> {
        Self::open(folder, Some((stage, step)))
    }

    /// Goes on with the logs of a run as they are.
    pub(crate) fn append(folder: &Path) -> Result<Self, Failure> {
        Self::open(folder, Some(("", 0)))
    }

    fn open(folder: &Path, resumed_from: Option<(&str, u64)>) -> Result<Self, Failure> {
        Ok(Self {
            folder: folder.to_owned(),
            resumed_from: resumed_from.map(|(stage, step)| (stage.to_owned(), step)),
            jsonl: Jsonl::open(&folder.join("log.jsonl"), resumed_from)?,
            csv: BTreeMap::new(),
            events: BTreeMap::new(),
        })
    }

    /// Writes down what a step of a stage reported, `seconds` after the stage began.
    pub(crate) fn step(&mut self, stage: &str, event: &Event, seconds: f64) -> Result<(), Failure> {
        self.jsonl.step(stage, event, seconds)?;
        self.row(stage, stage, event)?;
        let scalars = event.scalars.iter().copied();
        self.write(stage, |events| events.scalars(event.step, scalars))
    }

    /// Writes down scores of the weights behind a step, which have a CSV file of their own.
    pub(crate) fn scores(&mut self, stage: &str, event: &Event, seconds: f64) -> Result<(), Failure> {
        self.jsonl.step(stage, event, seconds)?;
        self.row(stage, &format!("{stage}-scores"), event)?;
        self.write(stage, |events| events.scalars(event.step, event.scalars.iter().copied()))
    }

    /// Writes a row into a stage's CSV file, which is begun when it is first needed.
    fn row(&mut self, stage: &str, name: &str, event: &Event) -> Result<(), Failure> {
        if let Some(csv) = self.csv.get_mut(name) {
            return csv.step(event);
        }
        let path = self.folder.join(format!("{name}.csv"));
        let mut csv = Csv::open(&path, event, self.resumed_step(stage))?;
        csv.step(event)?;
        self.csv.insert(name.to_owned(), csv);
        Ok(())
    }

    /// Writes an alarm down at a step.
    pub(crate) fn alarm(&mut self, stage: &str, alarm: &Alarm, step: u64) -> Result<(), Failure> {
        self.jsonl.alarm(stage, alarm, step)
    }

    /// Writes a picture into TensorBoard's log: the bytes of a PNG file, and its width and height.
    pub(crate) fn image(
        &mut self,
        stage: &str,
        name: &str,
        step: u64,
        png: &[u8],
        size: [usize; 2],
    ) -> Result<(), Failure> {
        self.write(stage, |events| events.image(name, step, png, size))
    }

    /// Writes into TensorBoard's log how values are spread, as those of a weight; what is not finite is left out.
    pub(crate) fn histogram(&mut self, stage: &str, name: &str, step: u64, values: &[f32]) -> Result<(), Failure> {
        self.write(stage, |events| events.histogram(name, step, values))
    }

    /// Waits until all is on the disk: to be called before a checkpoint is written, so that no log lags behind it.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.jsonl.flush()?;
        self.csv.values_mut().try_for_each(Csv::flush)?;
        let stages: Vec<String> = self.events.keys().cloned().collect();
        stages.iter().try_for_each(|stage| self.write(stage, EventFile::flush))
    }

    /// The step of the checkpoint that a stage goes on from.
    fn resumed_step(&self, stage: &str) -> Option<u64> {
        self.resumed_from.as_ref().filter(|(resumed, _)| resumed == stage).map(|(_, step)| *step)
    }

    /// Writes into a stage's event file, which is begun when it is first needed.
    fn write(&mut self, stage: &str, write: impl FnOnce(&mut EventFile) -> io::Result<()>) -> Result<(), Failure> {
        let folder = self.folder.join("tensorboard").join(stage);
        let resumed_from = self.resumed_step(stage);
        let begin = || fs::create_dir_all(&folder).and_then(|()| EventFile::create(&folder, resumed_from));
        let written = match self.events.entry(stage.to_owned()) {
            Entry::Occupied(events) => write(events.into_mut()),
            Entry::Vacant(place) => begin().and_then(|events| write(place.insert(events))),
        };
        written.map_err(|e| failed(&folder, &e))
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: cannot be written: {error}", path.display()))
}

/// A text file that grows by whole lines.
struct Lines {
    path: PathBuf,
    file: File,
}

impl Lines {
    fn open(path: &Path, is_resumed: bool) -> Result<Self, Failure> {
        let mut options = File::options();
        let options = if is_resumed { options.append(true) } else { options.write(true).truncate(true) };
        let file = options.create(true).open(path).map_err(|e| failed(path, &e))?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn write(&mut self, line: &str) -> Result<(), Failure> {
        self.file.write_all(line.as_bytes()).map_err(|e| failed(&self.path, &e))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.file.sync_data().map_err(|e| failed(&self.path, &e))
    }
}

#[cfg(test)]
mod tests;
