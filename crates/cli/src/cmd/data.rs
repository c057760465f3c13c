//! `impasto data`: looking at data sets.

use std::fmt::Write;
use std::path::PathBuf;

use impasto_data::{Dataset, Options, Parts, Summary};

use crate::failure::Failure;
use crate::ui::Ui;

/// Works with data sets.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Says what is in a data set: counts, classes, statistics, and what was rejected and why
    #[command(after_help = "Example: impasto data inspect photos/")]
    Inspect {
        /// A folder of pictures (a folder for each class, or a labels.csv), or IDX files
        path: PathBuf,
        /// Side of the square pictures [default: as they are, or 64]
        #[arg(long, value_name = "PX")]
        size: Option<usize>,
        /// 1 for grey, 3 for colour
        #[arg(long, value_name = "N")]
        channels: Option<usize>,
    },
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<(), Failure> {
    let Command::Inspect { path, size, channels } = command;
    let data = Dataset::open(path, &Options { size: *size, channels: *channels, ..Options::default() })?;
    let summary = Summary::of(&data);
    let mut value = serde_json::to_value(&summary).expect("plain data");
    let mut text = text(&data, &value);
    if let Some(test) = Parts::of(path)?.test {
        let _ = write!(text, "\n  pictures to test with: {}", test.display());
        value["test"] = test.display().to_string().into();
    }
    ui.result(text, &value);
    Ok(())
}

fn text(data: &Dataset, summary: &serde_json::Value) -> String {
    let [n, c, h, w] = data.shape();
    let mut text = format!("{}\n  {n} pictures of {w}x{h} px, {c} channels", data.source());
    for key in ["licence", "read", "kept", "mean", "deviation", "duplicates", "hash"] {
        if let Some(value) = summary.get(key) {
            let _ = write!(text, "\n  {key}: {value}");
        }
    }
    for (class, count) in data.classes().iter().zip(data.class_counts()) {
        let _ = write!(text, "\n  {count:>7}  {class}");
    }
    for rejected in data.rejected() {
        let _ = write!(text, "\n  rejected {}: {}", rejected.path.display(), rejected.reason);
    }
    text
}
