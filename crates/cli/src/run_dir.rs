//! The directory of a run: `config.toml`, `log.jsonl`, `checkpoints/`, `samples/`, pictures, `report.html`.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use impasto_data::{Mark, Picture, can_write, encode_png, remove_unfinished, write_atomically};
use serde_json::Value;

use crate::failure::Failure;
use crate::logs::Logs;

/// A run's directory, open for writing.
pub(crate) struct RunDir {
    path: PathBuf,
    /// Held as long as this process writes here.
    _lock: Option<File>,
    pub(crate) logs: Logs,
    /// Whether nothing was in it when it was opened.
    pub(crate) is_new: bool,
}

impl RunDir {
    /// Makes the directory, which must not hold anything yet. Without a path, the first free one of `impasto-run`,
    /// `impasto-run-2`, ..
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, Failure> {
        let path = path.map_or_else(free_name, Path::to_owned);
        let failed = |e: std::io::Error| Failure::usage(format!("{}: cannot be made: {e}", path.display()));
        fs::create_dir_all(&path).map_err(failed)?;
        if fs::read_dir(&path).map_err(failed)?.next().is_some() {
            return Err(not_empty(&path));
        }
        for folder in ["checkpoints", "samples"] {
            fs::create_dir(path.join(folder)).map_err(failed)?;
        }
        let (lock, logs) = (lock(&path)?, Logs::create(&path)?);
        Ok(Self { path, _lock: lock, logs, is_new: true })
    }

    /// Whether [`create`](RunDir::create) would make the directory; nothing is left there.
    pub(crate) fn can_create(path: Option<&Path>) -> Result<(), Failure> {
        let path = path.map_or_else(free_name, Path::to_owned);
        if fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(not_empty(&path));
        }
        let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
        Ok(can_write(there.join("log.jsonl"))?)
    }

    /// The directory of a run that was begun.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let lock = lock(path)?;
        let folders = ["", "checkpoints", "samples"].map(|folder| path.join(folder));
        folders.iter().filter(|folder| folder.is_dir()).try_for_each(remove_unfinished)?;
        let logs = Logs::append(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock, logs, is_new: false })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The settings that the run goes by.
    pub(crate) fn config(&self, config: &impl serde::Serialize) -> Result<(), Failure> {
        let text = toml::to_string(config).expect("settings are plain data");
        self.write("config.toml", text.as_bytes()).map(drop)
    }

    /// Goes on with the logs of a stage behind a step, and returns what they say of it.
    pub(crate) fn resume_logs(&mut self, stage: &str, step: u64) -> Result<Vec<Value>, Failure> {
        self.logs = Logs::resume(&self.path, stage, step)?;
        let text = String::from_utf8(self.read("log.jsonl")?).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Ok(lines.filter(|line| line["stage"] == stage).collect())
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
    /// A run that failed before its first step leaves nothing behind.
    fn drop(&mut self) {
        const FILES: [&str; 2] = ["log.jsonl", "config.toml"];
        const FOLDERS: [&str; 2] = ["checkpoints", "samples"];
        let names = |folder: &Path| -> Vec<_> {
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect()
        };
        let is_own = |name: &std::ffi::OsString| FILES.iter().chain(&FOLDERS).any(|own| name == own);
        let is_unused = self.is_new
            && names(&self.path).iter().all(is_own)
            && FOLDERS.iter().all(|folder| names(&self.path.join(folder)).is_empty());
        if is_unused {
            for file in FILES {
                let _ = fs::remove_file(self.path.join(file));
            }
            for folder in FOLDERS {
                let _ = fs::remove_dir(self.path.join(folder));
            }
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Keeps other processes from writing to the same directory. Where directories cannot be locked, they are not.
fn lock(path: &Path) -> Result<Option<File>, Failure> {
    let Ok(folder) = File::open(path) else { return Ok(None) };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::Error(_)) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let way_out = "is being written to by another process; wait for its end, or train anew with --out";
            Err(Failure::usage(format!("{}: {way_out}", path.display())))
        }
    }
}

fn not_empty(path: &Path) -> Failure {
    Failure::usage(format!("{}: is not empty; name a new directory with --out", path.display()))
}

fn free_name() -> PathBuf {
    let names = (1..).map(|i| if i == 1 { "impasto-run".into() } else { format!("impasto-run-{i}") });
    names.map(PathBuf::from).find(|p| !p.exists()).expect("some name is free")
}
