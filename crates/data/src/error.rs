//! [`Error`]: what can be wrong with what a user hands over, said in one line with the way out.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// A file or a setting that cannot be used. Its text names it, the rule it breaks and the way out.
#[derive(Debug)]
pub enum Error {
    /// The operating system would not read or write a file.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: "read" or "write".
        verb: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder whose content breaks a rule.
    File {
        /// The file or folder, or the name of what was handed over in memory.
        path: PathBuf,
        /// What is wrong with it.
        rule: String,
        /// What the user can do.
        remedy: String,
    },
    /// A setting outside its range.
    Setting {
        /// The setting, by its name in the code.
        name: &'static str,
        /// What is wrong with it.
        rule: String,
        /// What the user can do.
        remedy: String,
    },
}

impl Error {
    pub(crate) fn file(path: &Path, rule: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), rule: rule.into(), remedy: remedy.into() }
    }

    pub(crate) fn setting(name: &'static str, rule: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Setting { name, rule: rule.into(), remedy: remedy.into() }
    }

    /// For `map_err` on a failed reading of `path`.
    pub(crate) fn reading(path: &Path) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Io { path: path.to_owned(), verb: "read", source }
    }

    /// For `map_err` on a failed writing of `path`.
    pub(crate) fn writing(path: &Path) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Io { path: path.to_owned(), verb: "write", source }
    }

    /// The text without the path, for lists that give the path beside it.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Io { verb, source, .. } => {
                let remedy = match source.kind() {
                    io::ErrorKind::NotFound => "check that it exists",
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "check its permissions",
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, or name another place",
                    io::ErrorKind::IsADirectory => "name a file",
                    _ => "check that it exists and its permissions",
                };
                format!("cannot {verb} it: {source}; {remedy}")
            }
            Self::File { rule, remedy, .. } | Self::Setting { rule, remedy, .. } => format!("{rule}; {remedy}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, .. } | Self::File { path, .. } => write!(f, "{}: {}", path.display(), self.reason()),
            Self::Setting { name, .. } => write!(f, "{name}: {}", self.reason()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::File { .. } | Self::Setting { .. } => None,
        }
    }
}
