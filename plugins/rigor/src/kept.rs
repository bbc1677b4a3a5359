//! The work of the round before, as far as this round leaves it alone: it is still part of the change, and is verified with it.

use skep_sdk::prelude::*;

use crate::bench::Bench;
use crate::earlier;
use crate::written::Change;

/// What the round before reported.
pub fn earlier_changes(brief: &Brief, personality: &str) -> Vec<Change> {
    if brief.round == 1 {
        return Vec::new();
    }
    changes_of(brief, personality)
}

/// What a personality says that it wrote; nothing if it did not take part.
pub fn changes_of(brief: &Brief, personality: &str) -> Vec<Change> {
    let changes = earlier::details(brief, personality).get("changes").cloned().unwrap_or_default();
    serde_json::from_value(changes).unwrap_or_default()
}

/// Those of these files that are still there, and that are not on the bench now.
///
/// # Errors
/// When the workspace cannot be read.
pub fn changes(earlier: &[Change], bench: &Bench) -> Result<Vec<Change>> {
    let mut kept = Vec::new();
    for change in earlier.iter().filter(|change| !bench.pieces().contains_key(&change.path)) {
        match files::read(&change.path) {
            Ok(content) => {
                kept.push(Change { sha256: skep_sdk::sha256(&content), ..change.clone() });
            }
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(kept)
}

/// The summary of the round before.
pub fn summary(brief: &Brief, personality: &str) -> String {
    let before = earlier::details(brief, personality);
    before.get("summary").and_then(Value::as_str).unwrap_or_default().to_owned()
}
