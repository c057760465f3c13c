//! `STAGE.csv`: one row a step, for spreadsheets and plotting programs; `STAGE-scores.csv`: one row for each time that the weights
//! were scored.
//!
//! The columns are the numbers of the first event.

use std::path::{Path, PathBuf};

use impasto_models::Event;

use super::{Lines, cut::cut};
use crate::failure::Failure;

pub(super) struct Csv {
    lines: Lines,
    path: PathBuf,
    /// The numbers that have a column.
    columns: Vec<String>,
}

impl Csv {
    /// Begins the file of a stage, or goes on with it after a step.
    pub(super) fn open(path: &Path, first: &Event, resumed_from: Option<u64>) -> Result<Self, Failure> {
        if let Some(step) = resumed_from {
            let mut is_header = true;
            cut(path, |line| {
                let number = line.split(',').next().and_then(|step| step.parse::<u64>().ok());
                !std::mem::take(&mut is_header) && number.is_none_or(|s| s > step)
            })?;
        }
        let path = path.to_owned();
        let header = if resumed_from.is_some() { header(&path)? } else { None };
        let mut lines = Lines::open(&path, resumed_from.is_some())?;
        if let Some(columns) = header {
            return Ok(Self { lines, path, columns });
        }
        let columns: Vec<String> = first.scalars.iter().map(|(name, _)| (*name).to_owned()).collect();
        lines.write(&row(&path, std::iter::once("step").chain(columns.iter().map(String::as_str)))?)?;
        Ok(Self { lines, path, columns })
    }

    /// A number that the event lacks has an empty field, one that is not finite is written as NaN, inf or -inf.
    pub(super) fn step(&mut self, event: &Event) -> Result<(), Failure> {
        let number = |name: &String| event.scalar(name).map_or_else(String::new, |v| v.to_string());
        let fields = std::iter::once(event.step.to_string()).chain(self.columns.iter().map(number));
        let row = row(&self.path, fields)?;
        self.lines.write(&row)
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.lines.flush()
    }
}

/// The columns of a file that has a first line.
fn header(path: &Path) -> Result<Option<Vec<String>>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    let failed = |e: csv::Error| Failure::usage(format!("{}: {e}", path.display()));
    let mut file = csv::Reader::from_path(path).map_err(failed)?;
    let names: Vec<String> = file.headers().map_err(failed)?.iter().skip(1).map(str::to_owned).collect();
    Ok((!names.is_empty()).then_some(names))
}

fn row<S: AsRef<[u8]>>(path: &Path, fields: impl IntoIterator<Item = S>) -> Result<String, Failure> {
    let mut row = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Failure::usage(format!("{}: {e}", path.display()));
    row.write_record(fields).map_err(failed)?;
    let bytes = row.into_inner().map_err(|e| failed(e.into_error().into()))?;
    Ok(String::from_utf8(bytes).expect("fields are text"))
}
