//! The project as it is now: its files after everything that was written. The list of a brief is older and shorter.

use skep_sdk::prelude::*;

use crate::paths;

/// Longest file that is looked at; what is longer was not written by hand.
const LONGEST: usize = 400_000;

/// Every file that people write, in order.
///
/// # Errors
/// When the workspace cannot be read.
pub fn paths() -> Result<Vec<String>> {
    let mut found: Vec<String> =
        files::list_all("")?.into_iter().filter(|entry| !entry.folder).map(|entry| entry.path).collect();
    found.sort();
    Ok(found)
}

/// The text of a file; none if it is not there, not text, or too long to be written by hand.
///
/// # Errors
/// When the workspace cannot be read.
pub fn text(path: &str) -> Result<Option<String>> {
    match files::read_text_if_exists(path) {
        Ok(text) => Ok(text.filter(|text| text.len() <= LONGEST)),
        Err(error) if matches!(error.kind, ErrorKind::InvalidInput | ErrorKind::TooLarge) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The texts of the first so many files that are wanted.
///
/// # Errors
/// When the workspace cannot be read.
pub fn texts(all: &[String], most: usize, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for path in all.iter().filter(|path| paths::is_text(path) && wanted(path)).take(most) {
        if let Some(text) = text(path)? {
            texts.push((path.clone(), text));
        }
    }
    Ok(texts)
}
