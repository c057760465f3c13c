//! The commands, one a file: arguments, and what they do.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod classify;
pub(crate) mod create;
pub(crate) mod data;
pub(crate) mod evaluate;
pub(crate) mod generate;
pub(crate) mod plan;
pub(crate) mod stylize;
pub(crate) mod train;
pub(crate) mod verify;

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::ui::Ui;

/// Does something with each of some files. Where one fails the others are done all the same, and the last failure is the command's.
fn each(files: &[PathBuf], ui: &Ui, mut f: impl FnMut(&Path) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut failed = None;
    for file in files {
        if let Err(failure) = f(file)
            && let Some(earlier) = failed.replace(failure)
        {
            ui.error(&earlier);
        }
    }
    failed.map_or(Ok(()), Err)
}
