//! The work of the round before, as far as this round leaves it alone: it is still part of the change, and is verified with it.

use rigor::{earlier, paths};
use skep_sdk::prelude::*;

use crate::bench::Bench;
use crate::details;

/// What the round before reported.
pub(crate) fn earlier_changes(brief: &Brief) -> Vec<details::Change> {
    if brief.round == 1 {
        return Vec::new();
    }
    let before = earlier::details(brief, "coder-ai");
    let changes = before.get("changes").cloned().unwrap_or_default();
    serde_json::from_value(changes).unwrap_or_default()
}

/// Those of these files that are still there, and that are not on the bench now.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn changes(earlier: &[details::Change], bench: &Bench) -> Result<Vec<details::Change>> {
    let mut kept = Vec::new();
    for change in earlier.iter().filter(|change| !bench.pieces().contains_key(&change.path)) {
        match files::read(&change.path) {
            Ok(content) => {
                kept.push(details::Change { sha256: skep_sdk::sha256(&content), ..change.clone() });
            }
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(kept)
}

/// The summary of the round before.
pub(crate) fn summary(brief: &Brief) -> String {
    let before = earlier::details(brief, "coder-ai");
    before.get("summary").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The artifact of such a change.
pub(crate) fn artifact(change: &details::Change) -> Artifact {
    Artifact {
        path: change.path.clone(),
        sha256: change.sha256.clone(),
        kind: paths::kind(&change.path).into(),
    }
}
