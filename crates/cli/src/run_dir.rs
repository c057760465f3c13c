//! The directory of a run: `config.toml`, `log.jsonl`, `checkpoints/`, `samples/`, pictures, `report.html`.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use impasto_data::{Mark, Picture, encode_png, write_atomically};
use impasto_models::Event;
use impasto_models::sentinel::Alarm;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::ui::event_json;

/// A run's directory, open for writing.
pub(crate) struct RunDir {
    path: PathBuf,
    log: BufWriter<File>,
}

impl RunDir {
    /// Makes the directory, which must not hold anything yet. Without a path, the first free one of `impasto-run`,
    /// `impasto-run-2`, ..
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, Failure> {
        let path = path.map_or_else(free_name, Path::to_owned);
        let failed = |e: std::io::Error| Failure::usage(format!("{}: cannot be made: {e}", path.display()));
        fs::create_dir_all(&path).map_err(failed)?;
        if fs::read_dir(&path).map_err(failed)?.next().is_some() {
            return Err(Failure::usage(format!("{}: is not empty; name a new directory with --out", path.display())));
        }
        for folder in ["checkpoints", "samples"] {
            fs::create_dir(path.join(folder)).map_err(failed)?;
        }
        let log = BufWriter::new(File::create(path.join("log.jsonl")).map_err(failed)?);
        Ok(Self { path, log })
    }

    /// The directory of a run that was begun.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |e: std::io::Error| Failure::usage(format!("{}: {e}", path.join("log.jsonl").display()));
        let log = File::options().create(true).append(true).open(path.join("log.jsonl")).map_err(failed)?;
        Ok(Self { path: path.to_owned(), log: BufWriter::new(log) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The settings that the run goes by.
    pub(crate) fn config(&self, config: &impl serde::Serialize) -> Result<(), Failure> {
        let text = toml::to_string(config).expect("settings are plain data");
        self.write("config.toml", text.as_bytes()).map(drop)
    }

    /// Logs what a step reported, `seconds` after the beginning.
    pub(crate) fn log(&mut self, stage: &str, event: &Event, seconds: f64) -> Result<(), Failure> {
        let mut line = event_json(stage, event);
        line["seconds"] = json!((seconds * 1e3).round() / 1e3);
        self.log_line(&line)
    }

    /// Logs an alarm at a step.
    pub(crate) fn log_alarm(&mut self, stage: &str, alarm: &Alarm, step: u64) -> Result<(), Failure> {
        let line = json!({ "stage": stage, "step": step, "alarm": alarm.to_string(), "kind": alarm.kind, "action": alarm.action });
        self.log_line(&line)
    }

    fn log_line(&mut self, line: &Value) -> Result<(), Failure> {
        writeln!(self.log, "{line}").map_err(|e| self.log_failed(&e))
    }

    /// Puts the log on the disk.
    pub(crate) fn flush_log(&mut self) -> Result<(), Failure> {
        self.log.flush().and_then(|()| self.log.get_ref().sync_data()).map_err(|e| self.log_failed(&e))
    }

    /// Forgets what the log says of steps of a stage behind `step`, and returns what it says of the others.
    pub(crate) fn cut_log(&mut self, stage: &str, step: u64) -> Result<Vec<Value>, Failure> {
        self.flush_log()?;
        let path = self.path.join("log.jsonl");
        let text = fs::read_to_string(&path).map_err(|e| self.log_failed(&e))?;
        // The last line may be cut short.
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let stays = |line: &Value| line["stage"] != stage || line["step"].as_u64().is_some_and(|at| at <= step);
        let lines: Vec<Value> = lines.filter(stays).collect();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        write_atomically(&path, text.as_bytes())?;
        self.log = BufWriter::new(File::options().append(true).open(&path).map_err(|e| self.log_failed(&e))?);
        Ok(lines.into_iter().filter(|line| line["stage"] == stage).collect())
    }

    fn log_failed(&self, e: &std::io::Error) -> Failure {
        Failure::usage(format!("{}: {e}", self.path.join("log.jsonl").display()))
    }

    /// Writes a picture with its mark and returns the file's bytes.
    pub(crate) fn picture(&self, name: &str, picture: &Picture, mark: Option<&Mark>) -> Result<Vec<u8>, Failure> {
        let bytes = encode_png(picture, mark);
        self.write(name, &bytes)?;
        Ok(bytes)
    }

    /// A file's bytes.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let path = self.path.join(name);
        fs::read(&path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.path.join(name);
        write_atomically(&path, bytes)?;
        Ok(path)
    }
}

impl Drop for RunDir {
    /// A run that failed before its first result leaves nothing behind: folders that hold something stay.
    fn drop(&mut self) {
        let is_empty = self.log.flush().is_ok()
            && self.log.get_ref().metadata().is_ok_and(|about| about.len() == 0)
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
