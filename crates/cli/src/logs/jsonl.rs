//! `log.jsonl`: one JSON object a step, all stages in the order in which they ran.

use std::path::Path;

use impasto_models::Event;
use impasto_models::sentinel::Alarm;
use serde_json::{Value, json};

use super::{Lines, cut::cut};
use crate::failure::Failure;
use crate::ui::event_json;

pub(super) struct Jsonl(Lines);

impl Jsonl {
    /// Begins the file, or goes on with it after a step of a stage.
    pub(super) fn open(path: &Path, resumed_from: Option<(&str, u64)>) -> Result<Self, Failure> {
        if let Some((stage, step)) = resumed_from {
            cut(path, |line| {
                let line: Value = serde_json::from_str(line).unwrap_or_default();
                line["stage"] == stage && line["step"].as_u64().is_none_or(|s| s > step)
            })?;
        }
        Ok(Self(Lines::open(path, resumed_from.is_some())?))
    }

    pub(super) fn step(&mut self, stage: &str, event: &Event, seconds: f64) -> Result<(), Failure> {
        let mut line = event_json(stage, event);
        line["seconds"] = json!((seconds * 1e3).round() / 1e3);
        self.0.write(&format!("{line}\n"))
    }

    pub(super) fn alarm(&mut self, stage: &str, alarm: &Alarm, step: u64) -> Result<(), Failure> {
        let line = json!({ "stage": stage, "step": step, "alarm": alarm });
        self.0.write(&format!("{line}\n"))
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.0.flush()
    }
}
