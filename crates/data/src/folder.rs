//! Data sets from folders of picture files: found, decoded, brought to one form, and each one accounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Dataset, Decoder, Error, Rejected, files, labels, workers};

/// The longest licence file that is looked into, in bytes.
const MAX_LICENCE: u64 = 1 << 20;

/// What the files of a folder have as their class.
enum Classing {
    /// Nothing: the folder is flat.
    Without,
    /// The first sub-folder on their path.
    ByFolder,
    /// What the table says.
    ByTable(BTreeMap<PathBuf, String>),
}

impl Classing {
    fn class_of(&self, file: &Path) -> Result<Option<String>, &'static str> {
        match self {
            Self::Without => Ok(None),
            Self::ByFolder => first_folder(file).map(Some).ok_or("lies outside the class folders; move it into one"),
            Self::ByTable(table) => {
                table.get(file).cloned().map(Some).ok_or("has no row in labels.csv; add one or remove the picture")
            }
        }
    }
}

/// All pictures in and below a folder as squares of `size` pixels with `channels` channels.
pub(crate) fn open(folder: &Path, size: usize, channels: usize, decoder: &Decoder) -> Result<Dataset, Error> {
    let files = list(folder)?;
    let classing = match labels::read(folder, &files)? {
        Some(table) => Classing::ByTable(table),
        None if files.iter().any(|file| first_folder(file).is_some()) => Classing::ByFolder,
        None => Classing::Without,
    };
    let read = files.len();
    let results = workers::in_order(&files.into_iter().collect::<Vec<_>>(), |file| {
        let class = classing.class_of(file).map_err(String::from);
        let planes = class.and_then(|class| {
            let picture = decoder.open(folder.join(file)).map_err(|e| e.reason())?;
            Ok((picture.standard(size, channels).planes(), class))
        });
        planes.map_err(|reason| Rejected { path: file.clone(), reason })
    });

    let (mut pixels, mut names, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok((planes, class)) => {
                pixels.extend(planes);
                names.extend(class);
            }
            Err(refused) => rejected.push(refused),
        }
    }
    if pixels.is_empty() {
        let first = rejected.first().map(|r| format!(" (the first, {}: {})", r.path.display(), r.reason));
        let rule = format!("none of its {read} files can be used{}", first.unwrap_or_default());
        return Err(Error::file(folder, rule, "put pictures into it or name another folder"));
    }
    let classes: Vec<String> = names.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
    let label = |name| classes.binary_search(name).expect("the classes are these names, sorted") as u32;
    Ok(Dataset {
        pixels,
        frame: [channels, size, size],
        labels: (!classes.is_empty()).then(|| names.iter().map(label).collect()),
        classes,
        source: folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned(),
        licence: licence(folder)?,
        rejected,
    })
}

/// The files in and below a folder, relative to it: all but hidden ones, the table of labels and the licence. Links to
/// folders are not followed, so that nothing is met twice.
fn list(folder: &Path) -> Result<BTreeSet<PathBuf>, Error> {
    let mut found = BTreeSet::new();
    let mut open = vec![PathBuf::new()];
    while let Some(within) = open.pop() {
        let path = folder.join(&within);
        for entry in fs::read_dir(&path).map_err(Error::reading(&path))? {
            let entry = entry.map_err(Error::reading(&path))?;
            let (name, kind) = (entry.file_name(), entry.file_type().map_err(Error::reading(&entry.path()))?);
            let relative = within.join(&name);
            if name.as_encoded_bytes().starts_with(b".") || relative == Path::new(labels::FILE) || is_licence(&relative)
            {
                continue;
            }
            if kind.is_dir() {
                open.push(relative);
            } else {
                found.insert(relative);
            }
        }
    }
    Ok(found)
}

fn first_folder(file: &Path) -> Option<String> {
    let mut parts = file.components();
    let first = parts.next()?;
    parts.next().map(|_| first.as_os_str().to_string_lossy().into_owned())
}

/// Whether a path is `LICENCE` or `LICENSE` at the top of the folder, in any case, without a suffix or as text.
fn is_licence(file: &Path) -> bool {
    let is_any =
        |name: Option<&OsStr>, of: &[&str]| name.is_some_and(|name| of.iter().any(|of| name.eq_ignore_ascii_case(of)));
    let is_text = file.extension().is_none() || is_any(file.extension(), &["txt", "md"]);
    is_any(file.file_stem(), &["licence", "license"]) && is_text && first_folder(file).is_none()
}

/// The first line of the folder's licence file that is not empty.
pub(crate) fn licence(folder: &Path) -> Result<Option<String>, Error> {
    let mut names: Vec<PathBuf> =
        fs::read_dir(folder).map_err(Error::reading(folder))?.flatten().map(|e| e.file_name().into()).collect();
    names.retain(|name| folder.join(name).is_file());
    names.sort();
    let Some(name) = names.into_iter().find(|name| is_licence(name)) else { return Ok(None) };
    let text = files::read(&folder.join(name), MAX_LICENCE)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().map(str::trim).find(|line| !line.is_empty()).map(Into::into))
}
