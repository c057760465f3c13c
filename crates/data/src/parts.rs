//! [`Parts`]: where a data set keeps the pictures to train on, and those to test with.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, labels};

/// The sub-folder of pictures to train on.
const TRAIN: &str = "train";
/// Names of the sub-folder of pictures to test with; the first that is there is taken.
const TEST: [&str; 4] = ["test", "val", "valid", "validation"];

/// Where the two parts of a data set lie: files of IDX images or folders of pictures, for [`Dataset::open`](crate::Dataset::open).
///
/// A data set has a part to test with if it is
/// - a folder with several IDX files of images, of which the one that says `train` in its name is to train on and the first other
///   one is to test with, or
/// - a folder with the sub-folders `train` and `test` (or `val`, `valid`, `validation`) and no `labels.csv`. Other files and
///   folders beside these two are not part of it.
///
/// Anything else is to train on as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// To train on.
    pub train: PathBuf,
    /// To test with, if it was set apart.
    pub test: Option<PathBuf>,
}

impl Parts {
    /// The parts of what lies at a path.
    ///
    /// # Errors
    /// If there is no such path, it is a file that is none of IDX images, or it has several of them and none to train on.
    pub fn of(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let whole = Self { train: path.to_owned(), test: None };
        if fs::metadata(path).map_err(Error::reading(path))?.is_file() {
            if !is_images(path) {
                let rule = "is neither a folder of pictures nor an IDX file of images";
                return Err(Error::file(path, rule, "name a folder, or a file like train-images-idx3-ubyte.gz"));
            }
            return Ok(whole);
        }
        let (mut train, mut others): (Vec<_>, Vec<_>) =
            idx_files(path)?.into_iter().partition(|file| name(file).contains(TRAIN));
        if train.is_empty() && others.is_empty() {
            return Ok(match test_folder(path) {
                Some(test) => Self { train: path.join(TRAIN), test: Some(test) },
                None => whole,
            });
        }
        if train.is_empty() && others.len() == 1 {
            train.append(&mut others);
        }
        let Some(train) = train.into_iter().next() else {
            let rule = "has several IDX files of images, and none says `train` in its name";
            return Err(Error::file(path, rule, "name one of them"));
        };
        Ok(Self { train, test: others.into_iter().next() })
    }

    /// The folder that a path is a part of, if it is one of its two sub-folders.
    pub(crate) fn parent(path: &Path) -> Option<&Path> {
        let parent = path.parent().map(|parent| if parent == Path::new("") { Path::new(".") } else { parent })?;
        ([test_folder(parent)?, parent.join(TRAIN)].iter().any(|part| name(part) == name(path))).then_some(parent)
    }
}

/// The sub-folder to test with of a folder that has both.
fn test_folder(folder: &Path) -> Option<PathBuf> {
    let is_divided = folder.join(TRAIN).is_dir() && !folder.join(labels::FILE).exists();
    TEST.iter().map(|name| folder.join(name)).find(|test| is_divided && test.is_dir())
}

pub(crate) fn name(path: &Path) -> &str {
    path.file_name().and_then(OsStr::to_str).unwrap_or_default()
}

fn is_images(path: &Path) -> bool {
    name(path).contains("images") && name(path).contains("idx3")
}

/// The IDX files of images in a folder, sorted; of a file that is there plain and compressed, the plain one.
fn idx_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::reading(folder))?;
    let mut found: Vec<PathBuf> =
        entries.flatten().map(|e| e.path()).filter(|path| is_images(path) && path.is_file()).collect();
    found.sort();
    found.dedup_by(|zipped, plain| name(zipped).strip_suffix(".gz") == Some(name(plain)));
    Ok(found)
}
