//! Making a diff.

use diffy::{DiffOptions, Line};
use skep_sdk::prelude::*;

use crate::paths::{on_header_line, quoted};
use crate::{Change, Made};

pub(crate) fn make(changes: &[Change], context: usize) -> Result<Made> {
    let mut made = Made { diff: String::new(), changed: Vec::new(), added: 0, removed: 0 };
    for change in changes {
        let modified = match &change.modified {
            Some(text) => Some(text.clone()),
            None => files::read_text_if_exists(&change.path)?,
        };
        if change.original.is_none() && modified.is_none() {
            return Err(Error::invalid_input(format!(
                "`{}` has no original text, no modified text, and is not in the workspace: there is nothing to compare",
                change.path
            )));
        }
        if change.original != modified {
            append(&mut made, &change.path, change.original.as_deref(), modified.as_deref(), context)?;
        }
    }
    Ok(made)
}

/// Adds one file; `None` means that it does not exist.
fn append(
    made: &mut Made,
    path: &str,
    original: Option<&str>,
    modified: Option<&str>,
    context: usize,
) -> Result<()> {
    let (before, after) = (format!("a/{path}"), format!("b/{path}"));
    made.diff.push_str(&format!("diff --git {} {}\n", quoted(&before), quoted(&after)));
    match (original, modified) {
        (None, Some(_)) => made.diff.push_str("new file mode 100644\n"),
        (Some(_), None) => made.diff.push_str("deleted file mode 100644\n"),
        _ => {}
    }
    let (original_text, modified_text) = (original.unwrap_or_default(), modified.unwrap_or_default());
    let patch = DiffOptions::new().set_context_len(context).create_patch(original_text, modified_text);
    if patch.hunks().is_empty() {
        // An empty file that comes or goes has no hunks; git knows it by the digest of the empty blob.
        let index = if original.is_none() { "0000000..e69de29" } else { "e69de29..0000000" };
        made.diff.push_str(&format!("index {index}\n"));
    } else {
        let name =
            |exists: bool, path: &str| if exists { on_header_line(path) } else { "/dev/null".to_owned() };
        let old = name(original.is_some(), &before);
        let new = name(modified.is_some(), &after);
        made.diff.push_str(&format!("--- {old}\n+++ {new}\n"));
        let text = patch.to_string();
        // The library's own two header lines do not know about files that do not exist.
        let hunks = text.find("@@ ").and_then(|start| text.get(start..)).unwrap_or_default();
        made.diff.push_str(hunks);
    }
    made.changed.push(path.to_owned());
    let (added, removed) = count(&patch)?;
    made.added += added;
    made.removed += removed;
    Ok(())
}

/// Added and removed lines.
pub(crate) fn count(patch: &diffy::Patch<'_, str>) -> Result<(u32, u32)> {
    let lines = || patch.hunks().iter().flat_map(diffy::Hunk::lines);
    let added = lines().filter(|line| matches!(line, Line::Insert(_))).count();
    let removed = lines().filter(|line| matches!(line, Line::Delete(_))).count();
    Ok((u32::try_from(added)?, u32::try_from(removed)?))
}
