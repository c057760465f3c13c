//! `log.jsonl`: one JSON object a step, all stages in the order in which they ran.

use std::path::Path;

use impasto_models::Event;
use serde_json::Value;

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

    pub(super) fn step(&mut self, stage: &str, event: &Event) -> Result<(), Failure> {
        self.0.write(&format!("{}\n", event_json(stage, event)))
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.0.flush()
    }
}
