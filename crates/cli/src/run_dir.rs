//! The directory of a run: `config.toml`, `log.jsonl`, `checkpoints/`, `samples/`, pictures, `report.html`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use impasto_data::{Mark, Picture, encode_png, write_atomically};
use impasto_models::{Checkpoint, Event, checkpoint};

use crate::failure::Failure;
use crate::ui::{Ui, event_json};

/// A run's directory, open for writing.
pub(crate) struct RunDir<'u> {
    path: PathBuf,
    log: File,
    ui: &'u Ui,
}

impl<'u> RunDir<'u> {
    /// Makes the directory, which must not hold anything yet. Without a path, the first free one of `impasto-run`,
    /// `impasto-run-2`, ..
    pub(crate) fn create(path: Option<&Path>, ui: &'u Ui) -> Result<Self, Failure> {
        let path = path.map_or_else(free_name, Path::to_owned);
        let failed = |e: std::io::Error| Failure::usage(format!("{}: cannot be made: {e}", path.display()));
        fs::create_dir_all(&path).map_err(failed)?;
        if fs::read_dir(&path).map_err(failed)?.next().is_some() {
            return Err(Failure::usage(format!("{}: is not empty; name a new directory with --out", path.display())));
        }
        for folder in ["checkpoints", "samples"] {
            fs::create_dir(path.join(folder)).map_err(failed)?;
        }
        let log = File::create(path.join("log.jsonl")).map_err(failed)?;
        Ok(Self { path, log, ui })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The settings that the run goes by.
    pub(crate) fn config(&self, config: &impl serde::Serialize) -> Result<(), Failure> {
        let text = toml::to_string(config).expect("settings are plain data");
        self.write("config.toml", text.as_bytes()).map(drop)
    }

    pub(crate) fn log(&mut self, stage: &str, event: &Event) -> Result<(), Failure> {
        let failed = |e: std::io::Error| Failure::usage(format!("{}: {e}", self.path.join("log.jsonl").display()));
        writeln!(self.log, "{}", event_json(stage, event)).map_err(failed)
    }

    /// Writes a checkpoint and returns its hash.
    pub(crate) fn checkpoint(&self, name: &str, checkpoint: &Checkpoint) -> Result<String, Failure> {
        let path = self.path.join("checkpoints").join(format!("{name}.safetensors"));
        checkpoint.save(&path)?;
        self.ui.wrote(&path);
        Ok(checkpoint::file_hash(&path)?)
    }

    /// Writes a picture with its mark and returns the file's bytes.
    pub(crate) fn picture(&self, name: &str, picture: &Picture, mark: Option<&Mark>) -> Result<Vec<u8>, Failure> {
        let bytes = encode_png(picture, mark);
        self.write(name, &bytes)?;
        Ok(bytes)
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.path.join(name);
        write_atomically(&path, bytes)?;
        Ok(path)
    }
}

impl Drop for RunDir<'_> {
    /// A run that failed before its first result leaves nothing behind: folders that hold something stay.
    fn drop(&mut self) {
        let is_empty = self.log.metadata().is_ok_and(|about| about.len() == 0)
            && ["samples", "checkpoints"].iter().all(|folder| fs::remove_dir(self.path.join(folder)).is_ok());
        if is_empty {
            let _ = fs::remove_file(self.path.join("log.jsonl"));
            let _ = fs::remove_dir(&self.path);
        }
    }
}

fn free_name() -> PathBuf {
    let names = (1..).map(|i| if i == 1 { "impasto-run".into() } else { format!("impasto-run-{i}") });
    names.map(PathBuf::from).find(|p| !p.exists()).expect("some name is free")
}
