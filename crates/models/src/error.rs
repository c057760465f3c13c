//! What can go wrong with files and settings that users bring.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::checkpoint::WAY_OUT;

/// An error of the user's making or of their disk: names the file or field, the rule broken and the way out.
#[derive(Debug)]
pub enum Error {
    /// A file could not be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what it should be.
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// A setting is out of range.
    Setting {
        /// The setting.
        field: &'static str,
        /// What it wants and what it got.
        detail: String,
    },
}

impl Error {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    pub(crate) fn format(path: &Path, detail: impl Into<String>) -> Self {
        Self::Format { path: path.to_owned(), detail: detail.into() }
    }

    pub(crate) fn setting(field: &'static str, detail: impl Into<String>) -> Self {
        Self::Setting { field, detail: detail.into() }
    }

    /// The same of a setting that was read from a checkpoint.
    pub(crate) fn within(self, path: &Path) -> Self {
        match self {
            Self::Setting { field, detail } => {
                Self::format(path, format!("`{field}` in its metadata: {detail}; {WAY_OUT}"))
            }
            other => other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => {
                let remedy = match source.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, or name another place",
                    io::ErrorKind::IsADirectory => "name a file",
                    _ => "check that it exists and its permissions",
                };
                write!(f, "{}: {source}; {remedy}", path.display())
            }
            Self::Format { path, detail } => write!(f, "{}: {detail}", path.display()),
            Self::Setting { field, detail } => write!(f, "{field}: {detail}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}
