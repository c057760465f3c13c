//! The stages that commands are made of: each runs to its end, logs every step, and returns what the report shows of it.

pub(crate) mod classify;
pub(crate) mod draw;
pub(crate) mod style;

use std::time::Instant;

use impasto_data::Picture;
use impasto_models::Event;
use impasto_tensor::{Tensor, memory};

use crate::failure::Failure;
use crate::report::{Chart, Series, Stage};
use crate::run_dir::RunDir;
use crate::ui::Progress;

/// Time and memory of a stage, from when it is made.
pub(crate) struct Meter {
    begun: Instant,
}

impl Meter {
    pub(crate) fn start() -> Self {
        memory::reset_peak();
        Self { begun: Instant::now() }
    }

    /// The stage's entry in the report, to be filled in.
    pub(crate) fn stage(&self, name: &'static str, lesson: &str, steps: u64) -> Stage {
        Stage {
            name,
            lesson: lesson.to_owned(),
            seconds: self.begun.elapsed().as_secs_f64(),
            peak_bytes: memory::stats().peak,
            steps,
            ..Stage::default()
        }
    }
}

/// Events of a stage: shown, logged, and kept for its charts.
pub(crate) struct Trace<'a, 'u> {
    name: &'static str,
    progress: Progress<'u>,
    dir: Option<&'a mut RunDir<'u>>,
    events: Vec<Event>,
}

impl<'a, 'u> Trace<'a, 'u> {
    pub(crate) fn new(name: &'static str, progress: Progress<'u>, dir: Option<&'a mut RunDir<'u>>) -> Self {
        Self { name, progress, dir, events: Vec::new() }
    }

    /// Takes an event; a number that is not finite ends the run with its name.
    pub(crate) fn take(&mut self, event: Event) -> Result<(), Failure> {
        self.progress.event(&event);
        if let Some(dir) = &mut self.dir {
            dir.log(self.name, &event)?;
        }
        if let Some(broken) = event.broken() {
            let message = format!("{}: {broken} is not finite at step {}; try another --seed", self.name, event.step);
            return Err(Failure::Check(message));
        }
        self.events.push(event);
        Ok(())
    }

    /// The run's directory.
    pub(crate) fn dir(&self) -> Option<&RunDir<'u>> {
        self.dir.as_deref()
    }

    /// A chart of some of the numbers over the steps.
    pub(crate) fn chart(&self, title: &str, y: &'static str, names: &[&str]) -> Chart {
        let series = |name: &&str| Series {
            name: name.replace('_', " "),
            points: self.events.iter().filter_map(|e| Some((e.step as f64, e.scalar(name)?))).collect(),
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
