//! Commands to be typed again: as a shell takes them apart.

use std::borrow::Cow;

/// A word with quotes where a shell needs them.
pub(crate) fn word(text: &str) -> Cow<'_, str> {
    // Only a zero byte cannot be quoted, and no path or argument has one.
    shlex::try_quote(text).unwrap_or(Cow::Borrowed(text))
}

/// The same of a path.
pub(crate) fn path(path: &std::path::Path) -> String {
    word(&path.display().to_string()).into_owned()
}
