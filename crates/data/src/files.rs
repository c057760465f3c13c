//! Reading and writing whole files: never more than a limit in, never half a file out.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::Error;

/// The bytes of a regular file of at most `limit` bytes.
///
/// # Errors
/// If it cannot be read, is not a regular file (a pipe could make us wait for ever), or is larger.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let about = fs::metadata(path).map_err(Error::reading(path))?;
    if !about.is_file() {
        return Err(Error::file(path, "is not a regular file", "name a file"));
    }
    if about.len() > limit {
        let rule = format!("has {} bytes, the limit is {limit}", about.len());
        return Err(Error::file(path, rule, "make the file smaller or raise the limit"));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|f| f.take(limit).read_to_end(&mut bytes)).map_err(Error::reading(path))?;
    Ok(bytes)
}

/// How the names of unfinished files begin.
const UNFINISHED: &str = ".impasto-";

/// Writes a file so that at every moment there is either the old one or the whole new one: beside it under a temporary
/// name, flushed to the disk, then renamed. After a failure nothing is left behind.
///
/// # Errors
/// If the folder does not exist or may not be written to, or the disk is full.
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), Error> {
    let path = path.as_ref();
    let mut file = unfinished(path)?;
    // To the file itself: the errors of the temporary one tell its name, which is nobody's.
    let written = file.as_file_mut().write_all(bytes);
    written.and_then(|()| file.as_file().sync_all()).map_err(Error::writing(path))?;
    file.persist(path).map_err(|e| Error::writing(path)(e.error))?;
    Ok(())
}

/// Whether a file could be written there: to be asked before the work whose result is to be written.
///
/// # Errors
/// If the folder does not exist or may not be written to.
pub fn can_write(path: impl AsRef<Path>) -> Result<(), Error> {
    unfinished(path.as_ref()).map(drop)
}

fn unfinished(path: &Path) -> Result<NamedTempFile, Error> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        // What any new file gets; the user's umask then takes away.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    // Likewise of the error its kind.
    builder.tempfile_in(folder).map_err(|e| Error::writing(path)(e.kind().into()))
}

/// Removes from a folder what processes that were killed left of [`write_atomically`]. No other may be writing there.
///
/// # Errors
/// If the folder cannot be read or a file cannot be removed.
pub fn remove_unfinished(folder: impl AsRef<Path>) -> Result<(), Error> {
    let folder = folder.as_ref();
    for entry in fs::read_dir(folder).map_err(Error::reading(folder))?.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            fs::remove_file(entry.path()).map_err(Error::writing(&entry.path()))?;
        }
    }
    Ok(())
}
