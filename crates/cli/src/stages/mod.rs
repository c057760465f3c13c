//! The stages that commands are made of: each runs to its end, logs every step, and returns what the report shows of it.

pub(crate) mod classify;
pub(crate) mod draw;
pub(crate) mod follow;
pub(crate) mod job;
pub(crate) mod measure;
pub(crate) mod style;

use std::collections::BTreeMap;
use std::time::Instant;

use impasto_data::Picture;
use impasto_models::sentinel::Alarm;
use impasto_models::{Event, Params};
use impasto_tensor::{Tensor, memory};
use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::report::{Chart, Series, Stage};
use crate::run_dir::RunDir;
use crate::ui::Progress;

/// Time and memory of a stage, from when it is made.
pub(crate) struct Meter {
    begun: Instant,
    /// Seconds of earlier sittings.
    before: f64,
}

impl Meter {
    pub(crate) fn start() -> Self {
        memory::reset_peak();
        Self { begun: Instant::now(), before: 0.0 }
    }

    /// Seconds since the stage began, those of earlier sittings too.
    pub(crate) fn seconds(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }

    /// Takes up that the stage had come to so many seconds: in an earlier sitting, or in this one before it rolled back,
    /// which is in the count already.
    fn at_least(&mut self, seconds: f64) {
        self.before += (seconds - self.seconds()).max(0.0);
    }

    /// The stage's entry in the report, to be filled in.
    pub(crate) fn stage(&self, name: &'static str, lesson: &str, steps: u64) -> Stage {
        Stage {
            name,
            lesson: lesson.to_owned(),
            seconds: self.seconds(),
            peak_bytes: memory::stats().peak,
            steps,
            ..Stage::default()
        }
    }
}

/// Events of a stage: shown, logged, and kept for its charts.
pub(crate) struct Trace<'a, 'u> {
    progress: Progress<'u>,
    dir: &'a mut RunDir,
    record: Record,
}

impl<'a, 'u> Trace<'a, 'u> {
    pub(crate) fn new(name: &'static str, progress: Progress<'u>, dir: &'a mut RunDir) -> Self {
        Self { progress, dir, record: Record::new(name) }
    }

    /// Goes on behind `step`: what the log says of later steps is forgotten, what it says of earlier ones taken up.
    pub(crate) fn begin_at(&mut self, step: u64) -> Result<(), Failure> {
        self.record.curves.clear();
        self.record.alarms.clear();
        for line in self.dir.resume_logs(self.record.name, step)? {
            self.record.read(&line);
        }
        self.progress.begin_at(step);
        Ok(())
    }

    /// Takes what a step reported.
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), Failure> {
        self.progress.event(event);
        self.record.take(event);
        self.dir.logs.step(self.record.name, event, self.record.seconds())
    }

    /// Takes scores of the weights as they are behind a step. A run that goes on from its last checkpoint finds them in its log.
    pub(crate) fn score(&mut self, event: &Event) -> Result<(), Failure> {
        self.progress.score(event);
        if self.record.has(event) {
            return Ok(());
        }
        self.record.take(event);
        self.dir.logs.scores(self.record.name, event, self.record.seconds())
    }

    /// Takes a picture that was drawn on the way.
    pub(crate) fn sample(&mut self, picture: &Picture) {
        self.progress.sample(picture);
    }

    /// Says that something is not as it should be.
    pub(crate) fn warn(&self, message: &impl std::fmt::Display) {
        self.progress.warn(message);
    }

    /// Writes alarms down at a step.
    pub(crate) fn alarms(&mut self, alarms: &[Alarm], step: u64) -> Result<(), Failure> {
        self.record.alarms.extend_from_slice(alarms);
        alarms.iter().try_for_each(|alarm| self.dir.logs.alarm(self.record.name, alarm, step))
    }

    /// Puts everything that was logged on the disk.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.dir.logs.flush()
    }

    /// The run's directory.
    pub(crate) fn dir(&self) -> &RunDir {
        self.dir
    }

    /// The same, to draw into.
    pub(crate) fn dir_mut(&mut self) -> &mut RunDir {
        self.dir
    }

    /// How the values of each weight are spread behind a step, for TensorBoard.
    pub(crate) fn weights(&mut self, name: &str, params: &Params, step: u64) -> Result<(), Failure> {
        params.iter().try_for_each(|(path, tensor, _)| {
            self.dir.logs.histogram(self.record.name, &format!("{name}/{path}"), step, tensor.data())
        })
    }

    /// What was gathered, when there is nothing more to show.
    pub(crate) fn end(self) -> (Record, &'a mut RunDir) {
        (self.record, self.dir)
    }
}

/// What was seen of a stage, over all sittings.
pub(crate) struct Record {
    name: &'static str,
    meter: Meter,
    curves: BTreeMap<String, Vec<(f64, f64)>>,
    alarms: Vec<Alarm>,
}

impl Record {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, meter: Meter::start(), curves: BTreeMap::new(), alarms: Vec::new() }
    }

    pub(crate) fn take(&mut self, event: &Event) {
        for (name, value) in &event.scalars {
            self.curves.entry((*name).to_owned()).or_default().push((event.step as f64, *value));
        }
    }

    /// Whether the numbers of an event were taken before.
    fn has(&self, event: &Event) -> bool {
        let at_step = |points: &Vec<(f64, f64)>| points.last().is_some_and(|&(step, _)| step == event.step as f64);
        event.scalars.iter().all(|(name, _)| self.curves.get(*name).is_some_and(at_step))
    }

    /// Takes a line of the log up again.
    fn read(&mut self, line: &Value) {
        if let Ok(alarm) = Alarm::deserialize(&line["alarm"]) {
            self.alarms.push(alarm);
        }
        let Some(step) = line["step"].as_f64() else { return };
        for (name, value) in line.as_object().into_iter().flatten() {
            match (name.as_str(), value.as_f64()) {
                ("step", _) | (_, None) => {}
                ("seconds", Some(seconds)) => self.meter.at_least(seconds),
                (name, Some(value)) => self.curves.entry(name.to_owned()).or_default().push((step, value)),
            }
        }
    }

    /// Seconds since the stage began, those of earlier sittings too.
    pub(crate) fn seconds(&self) -> f64 {
        self.meter.seconds()
    }

    /// The stage's entry in the report, to be filled in.
    pub(crate) fn stage(&self, title: &'static str, lesson: &str, steps: u64) -> Stage {
        Stage { alarms: self.alarms.clone(), ..self.meter.stage(title, lesson, steps) }
    }

    /// A chart of some of the numbers over the steps.
    pub(crate) fn chart(&self, title: &str, y: &'static str, names: &[&str]) -> Chart {
        let series = |name: &&str| Series {
            name: name.replace('_', " "),
            points: self.curves.get(*name).cloned().unwrap_or_default(),
        };
        Chart { title: title.to_owned(), x: "step", y, series: names.iter().map(series).collect() }
    }
}

/// Pictures `[N, C, H, W]` with values in [0, 1].
pub(crate) fn pictures(images: &Tensor) -> Vec<Picture> {
    let &[n, c, h, w] = &images.shape()[..] else { unreachable!("pictures have four axes") };
    (0..n).map(|i| Picture::from_tensor(&images.slice(i..i + 1).reshape([c, h, w]))).collect()
}

/// A share as a percentage.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
