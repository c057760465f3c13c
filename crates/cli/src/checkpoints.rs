//! The checkpoints of a run's directory: `classifier-00000200.safetensors`, .., the best one as `classifier-best.safetensors`, that
//! of a run which ended early as `classifier-early.safetensors`, and the finished `classifier.safetensors`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use impasto_data::write_atomically;
use impasto_models::{Checkpoint, Error};

use crate::config::Checkpoints;
use crate::failure::Failure;

const ENDING: &str = ".safetensors";

/// The checkpoints of one stage.
pub(crate) struct Store {
    folder: PathBuf,
    stage: &'static str,
    keep: usize,
    /// Bytes.
    quota: u64,
}

impl Store {
    pub(crate) fn new(run: &Path, stage: &'static str, told: &Checkpoints) -> Self {
        let quota = told.quota.map_or(u64::MAX, |mb| mb.saturating_mul(1_000_000));
        Self { folder: run.join("checkpoints"), stage, keep: told.keep, quota }
    }

    /// Where the finished one is.
    pub(crate) fn finished(&self) -> PathBuf {
        self.folder.join(format!("{}{ENDING}", self.stage))
    }

    /// Where the best one is.
    pub(crate) fn best(&self) -> PathBuf {
        self.folder.join(format!("{}-best{ENDING}", self.stage))
    }

    fn early(&self) -> PathBuf {
        self.folder.join(format!("{}-early{ENDING}", self.stage))
    }

    /// Saves the state behind `step` steps, and removes the oldest that are too many or too large.
    pub(crate) fn save(&self, step: u64, checkpoint: &Checkpoint) -> Result<PathBuf, Failure> {
        let path = self.folder.join(format!("{}-{step:08}{ENDING}", self.stage));
        write(checkpoint, &path)?;
        self.forget_early()?;
        self.prune()?;
        Ok(path)
    }

    /// Saves the state of a run that ends early, at whatever moment: it is gone on from, but a run that has gone wrong does not go
    /// back to it.
    pub(crate) fn save_early(&self, checkpoint: &Checkpoint) -> Result<PathBuf, Failure> {
        write(checkpoint, &self.early())?;
        Ok(self.early())
    }

    /// Removes it, where a run has come further.
    pub(crate) fn forget_early(&self) -> Result<(), Failure> {
        let path = self.early();
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                Err(Failure::usage(format!("{}: cannot be removed: {e}", path.display())))
            }
            _ => Ok(()),
        }
    }

    /// The one to go on from that can be read. A damaged one is passed over, and told of by `warn`.
    pub(crate) fn last(&self, warn: impl Fn(&Error)) -> Result<Option<(PathBuf, Checkpoint)>, Failure> {
        let whole = [self.finished(), self.early()].into_iter().filter(|path| path.exists());
        Ok(first(whole, &warn).or(self.good(&warn)?))
    }

    /// The last one that was saved while all was well, likewise.
    pub(crate) fn good(&self, warn: impl Fn(&Error)) -> Result<Option<(PathBuf, Checkpoint)>, Failure> {
        Ok(first(self.numbered()?.into_iter().rev().map(|(_, path)| path), &warn))
    }

    /// The numbered ones in the order of their steps.
    fn numbered(&self) -> Result<Vec<(u64, PathBuf)>, Failure> {
        let failed = |e: std::io::Error| Failure::usage(format!("{}: {e}", self.folder.display()));
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let step = name
                .strip_prefix(self.stage)
                .and_then(|rest| rest.strip_prefix('-')?.strip_suffix(ENDING)?.parse().ok());
            if let Some(step) = step {
                found.push((step, path));
            }
        }
        found.sort();
        Ok(found)
    }

    fn prune(&self) -> Result<(), Failure> {
        let size = |path: &Path| fs::metadata(path).map_or(0, |about| about.len());
        let all = self.numbered()?;
        let mut bytes = size(&self.best()) + all.iter().map(|(_, path)| size(path)).sum::<u64>();
        for (i, (_, path)) in all.iter().enumerate().take(all.len().saturating_sub(1)) {
            if all.len() - i <= self.keep && bytes <= self.quota {
                break;
            }
            bytes -= size(path);
            fs::remove_file(path).map_err(|e| Failure::usage(format!("{}: cannot be removed: {e}", path.display())))?;
        }
        Ok(())
    }
}

/// The first that can be read.
fn first(paths: impl Iterator<Item = PathBuf>, warn: &impl Fn(&Error)) -> Option<(PathBuf, Checkpoint)> {
    let mut read = paths.map(|path| (Checkpoint::load(&path), path));
    read.find_map(|(found, path)| found.map_err(|error| warn(&error)).ok().map(|checkpoint| (path, checkpoint)))
}

/// Bytes that the checkpoints of a run come to when it is finished: the last ones, the best one, the finished one.
pub(crate) fn needed(each: u64, told: &Checkpoints) -> u64 {
    let quota = told.quota.map_or(u64::MAX, |mb| mb.saturating_mul(1_000_000));
    ((told.keep as u64 + 1) * each).min(quota) + each
}

/// Writes a checkpoint; if the disk is full, the message says what is not lost.
pub(crate) fn write(checkpoint: &Checkpoint, path: &Path) -> Result<(), Failure> {
    write_atomically(path, &checkpoint.to_bytes()?).map_err(|error| match &error {
        impasto_data::Error::Io { source, .. } if is_full(source.kind()) => Failure::usage(format!(
            "{}: the disk is full; the checkpoints before it are whole: make room, then `impasto train resume`",
            path.display()
        )),
        _ => error.into(),
    })
}

/// Whether there is no room, on the disk or for this user.
fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

#[cfg(test)]
mod tests {
    use impasto_models::{Kind, Params};
    use impasto_tensor::Tensor;

    use super::*;

    fn store(folder: &Path, keep: usize, quota: u64) -> Store {
        fs::create_dir_all(folder.join("checkpoints")).unwrap();
        Store { quota, ..Store::new(folder, "gan", &Checkpoints { keep, ..Checkpoints::default() }) }
    }

    fn checkpoint(step: u64) -> Checkpoint {
        let mut params = Params::default();
        params.insert("weight", Tensor::zeros([250]), Kind::Weight);
        let mut checkpoint = Checkpoint::new("gan", &serde_json::json!({ "step": step }));
        checkpoint.put("generator", &params);
        checkpoint
    }

    fn steps(store: &Store) -> Vec<u64> {
        store.numbered().unwrap().into_iter().map(|(step, _)| step).collect()
    }

    #[test]
    fn the_last_ones_stay_and_the_quota_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let all = store(folder.path(), 3, u64::MAX);
        for step in [10, 200, 30, 4_000_000_000] {
            all.save(step, &checkpoint(step)).unwrap();
        }
        assert_eq!(steps(&all), [30, 200, 4_000_000_000]);
        let tight = store(folder.path(), 3, 1500);
        tight.save(5_000_000_000, &checkpoint(5)).unwrap();
        assert_eq!(steps(&tight), [5_000_000_000], "each has more than 1000 bytes");
        assert!(folder.path().join("checkpoints/gan-5000000000.safetensors").exists());
    }

    #[test]
    fn a_damaged_one_is_passed_over_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 3, u64::MAX);
        assert!(store.last(|_| ()).unwrap().is_none());
        let [good, bad] = [10, 20].map(|step| store.save(step, &checkpoint(step)).unwrap());
        fs::write(&bad, &fs::read(&good).unwrap()[..200]).unwrap();
        let said = std::cell::RefCell::new(Vec::new());
        let (path, found) = store.last(|e| said.borrow_mut().push(e.to_string())).unwrap().unwrap();
        assert_eq!((path, found.meta["step"].as_u64()), (good, Some(10)));
        assert!(said.borrow()[0].contains("gan-00000020.safetensors"));
    }

    #[test]
    fn one_of_an_early_end_is_gone_on_from_and_not_back_to() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 3, u64::MAX);
        let step = |found: Option<(PathBuf, Checkpoint)>| found.map(|(_, checkpoint)| checkpoint.meta["step"].clone());
        store.save(10, &checkpoint(10)).unwrap();
        store.save_early(&checkpoint(17)).unwrap();
        assert_eq!(step(store.last(|_| ()).unwrap()), Some(17.into()));
        assert_eq!(step(store.good(|_| ()).unwrap()), Some(10.into()));
        store.save(20, &checkpoint(20)).unwrap();
        assert_eq!(step(store.last(|_| ()).unwrap()), Some(20.into()));
    }
}
