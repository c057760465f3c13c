//! `labels.csv`: labels that lie beside the pictures instead of in the names of folders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::{Error, files};

/// The file's name, in the folder of the pictures.
pub(crate) const FILE: &str = "labels.csv";
/// The largest file, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// The label of each file that `labels.csv` names, `None` if there is no such file. The first column is the path of a
/// picture in the folder; the label is the column `label`, else `category`, else the second.
///
/// # Errors
/// If the table cannot be read, names a picture that is not among `pictures`, names one twice, or leaves a label empty.
pub(crate) fn read(folder: &Path, pictures: &BTreeSet<PathBuf>) -> Result<Option<BTreeMap<PathBuf, String>>, Error> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = files::read(&path, MAX_BYTES)?;
    let refuse = |rule: String, remedy: &str| Error::file(&path, rule, remedy);
    let malformed =
        |e: csv::Error| refuse(format!("is not a table: {e}"), "separate by commas, quote what contains one");

    let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let header = table.headers().map_err(malformed)?;
    if header.len() < 2 {
        return Err(refuse("has no second column".into(), "begin it with the line `file,label`"));
    }
    let column = ["label", "category"].iter().find_map(|name| header.iter().position(|h| h == *name)).unwrap_or(1);

    let mut labels = BTreeMap::new();
    for (row, record) in table.records().enumerate() {
        let record = record.map_err(malformed)?;
        let (file, label) = (PathBuf::from(&record[0]), record[column].to_owned());
        let row = row + 1;
        if !pictures.contains(&file) {
            let rule = format!("names `{}` in row {row}, which is not in the folder", file.display());
            return Err(refuse(rule, "add the picture or remove the row"));
        }
        if label.is_empty() {
            return Err(refuse(format!("has no label in row {row}"), "fill it in or remove the row"));
        }
        if labels.insert(file, label).is_some() {
            return Err(refuse(format!("names `{}` again in row {row}", &record[0]), "leave one row a picture"));
        }
    }
    Ok(Some(labels))
}
