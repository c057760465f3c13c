//! `impasto verify`: whether pictures say that a model made them.

use std::path::PathBuf;

use impasto_data::{Verdict, read_mark};
use serde_json::json;

use super::each;
use crate::failure::Failure;
use crate::ui::Ui;

/// Reads the mark of pictures: generated, edited, or no mark found (which proves nothing).
#[derive(clap::Args)]
#[command(after_help = "Example: impasto verify impasto-run/*.png")]
pub(crate) struct Args {
    /// Pictures to read
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    each(&args.files, ui, |file| {
        let (verdict, mark) = match read_mark(file)? {
            Verdict::Generated(mark) => ("generated", mark),
            Verdict::Edited(mark) => ("edited", mark),
            Verdict::Unmarked => ("no mark found (proves nothing)", None),
        };
        let name = file.display().to_string();
        ui.result(format!("{name}: {verdict}"), &json!({ "file": name, "verdict": verdict, "mark": mark }));
        Ok(())
    })
}
