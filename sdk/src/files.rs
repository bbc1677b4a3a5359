//! The workspace. Paths are relative, `/`-separated, without `.` and `..`.

use crate::bindings::imports::skep::plugin::files::SearchQuery;
use crate::host::files as host;
use crate::personality::Artifact;
use crate::{Error, Result, ResultExt as _};

pub use crate::bindings::imports::skep::plugin::files::{Entry, MatchLine};

/// The bytes of a file.
pub fn read(path: &str) -> Result<Vec<u8>> {
    host::read(path).during(format_args!("reading `{path}`"))
}

/// A file as text; `invalid-input` if it is not UTF-8.
pub fn read_text(path: &str) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|error| Error::invalid_input(format!("`{path}` is not UTF-8 text: {}", error.utf8_error())))
}

/// A file as text; none if it does not exist.
pub fn read_text_if_exists(path: &str) -> Result<Option<String>> {
    match read_text(path) {
        Err(error) if error.kind == crate::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Replaces a whole file, or makes it, with the folders above it.
pub fn write(path: &str, content: impl AsRef<[u8]>) -> Result<()> {
    host::write(path, content.as_ref()).during(format_args!("writing `{path}`"))
}

/// Writes a file and says so as an artifact; `kind` is such as `code`, `test`, `document`.
pub fn write_artifact(path: &str, content: impl AsRef<[u8]>, kind: &str) -> Result<Artifact> {
    write(path, content.as_ref())?;
    Ok(Artifact { path: path.into(), sha256: crate::digest::sha256(content.as_ref()), kind: kind.into() })
}

/// Removes a file.
pub fn delete(path: &str) -> Result<()> {
    host::delete(path).during(format_args!("deleting `{path}`"))
}

/// The entries of a folder (`""` is the root), sorted by path.
pub fn list(path: &str) -> Result<Vec<Entry>> {
    host::list(path, false).during(format_args!("listing `{path}`"))
}

/// All files below a folder, sorted by path.
pub fn list_all(path: &str) -> Result<Vec<Entry>> {
    host::list(path, true).during(format_args!("listing `{path}`"))
}

/// Lines that fit a regular expression, in the file `prefix` or the files below the folder `prefix` (all when empty); at most `limit` (1 to 1,000).
pub fn search(pattern: &str, prefix: &str, limit: u32) -> Result<Vec<MatchLine>> {
    let query = SearchQuery { pattern: pattern.into(), prefix: prefix.into(), limit };
    host::search(&query).during(format_args!("searching `{pattern}`"))
}
