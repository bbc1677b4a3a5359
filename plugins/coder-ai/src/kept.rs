//! The work of the round before, as far as this round leaves it alone: it is still part of the change, and is verified with it.

use rigor::{earlier, paths};
use skep_sdk::prelude::*;

use crate::bench::Bench;
use crate::details;

/// Files that an earlier round wrote, that are still there, and that are not on the bench now.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn changes(brief: &Brief, bench: &Bench) -> Result<Vec<details::Change>> {
    let mut kept = Vec::new();
    if brief.round == 1 {
        return Ok(kept);
    }
    let before = earlier::details(brief, "coder-ai");
    let changes = before.get("changes").cloned().unwrap_or_default();
    for change in serde_json::from_value::<Vec<details::Change>>(changes).unwrap_or_default() {
        if bench.pieces().contains_key(&change.path) {
            continue;
        }
        match files::read(&change.path) {
            Ok(content) => kept.push(details::Change { sha256: skep_sdk::sha256(&content), ..change }),
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
