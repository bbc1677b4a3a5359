//! The unified diff of a workspace against its base, in the form that `git apply` takes, and the gate that applies it to a clean copy.

use super::{ChangedContent, judged};
use domain::rigor::gate::{self, Gate};
use std::fmt::Write as _;

/// The diff, and files that a text diff cannot carry.
pub(super) struct Unified {
    pub(super) text: String,
    pub(super) binary: Vec<String>,
}

/// One diff over all changed files. Paths with spaces or non-ASCII letters are quoted as git does.
pub(super) fn unified(changed: &[ChangedContent]) -> Unified {
    let mut whole = Unified { text: String::new(), binary: Vec::new() };
    for file in changed {
        let (Some(before), Some(after)) = (as_text(file.before.as_deref()), as_text(file.after.as_deref()))
        else {
            whole.binary.push(file.path.clone());
            continue;
        };
        let (old, new) = (quoted("a/", &file.path), quoted("b/", &file.path));
        // Writing to a String cannot fail.
        let _infallible = writeln!(whole.text, "diff --git {old} {new}");
        if file.before.is_none() {
            whole.text.push_str("new file mode 100644\n");
        }
        if file.after.is_none() {
            whole.text.push_str("deleted file mode 100644\n");
        }
        let patch = diffy::create_patch(before, after).to_string();
        let hunks = patch.find("@@ ").and_then(|start| patch.get(start..)).unwrap_or_default();
        if !hunks.is_empty() {
            let old = if file.before.is_none() { "/dev/null".to_owned() } else { old };
            let new = if file.after.is_none() { "/dev/null".to_owned() } else { new };
            let _infallible = write!(whole.text, "--- {old}\n+++ {new}\n{hunks}");
        }
    }
    whole
}

/// Apply the diff of each file to a clean copy and compare with the workspace.
pub(super) fn gate(changed: &[ChangedContent], unified: &Unified) -> Gate {
    let mut problems: Vec<String> =
        unified.binary.iter().map(|path| format!("{path} is binary: a text diff cannot carry it")).collect();
    for file in changed.iter().filter(|file| !unified.binary.contains(&file.path)) {
        let section = section(&unified.text, &file.path);
        if let Err(problem) = reapply(file, &section) {
            problems.push(format!("{}: {problem}", file.path));
        }
    }
    judged(
        gate::PATCH_APPLIES,
        &problems,
        format!(
            "the diff applies to a clean copy of the source and gives the workspace ({} file(s))",
            changed.len()
        ),
    )
}

fn reapply(file: &ChangedContent, section: &str) -> Result<(), String> {
    let before = as_text(file.before.as_deref()).unwrap_or_default();
    let after = as_text(file.after.as_deref()).unwrap_or_default();
    let applied = if section.is_empty() {
        before.to_owned()
    } else {
        let patch =
            diffy::Patch::from_str(section).map_err(|error| format!("the diff is not readable: {error}"))?;
        diffy::apply(before, &patch).map_err(|error| format!("the diff does not apply: {error}"))?
    };
    if applied == after { Ok(()) } else { Err("the diff does not give the workspace's content".to_owned()) }
}

/// The hunks of one file, read back from the whole diff.
fn section(text: &str, path: &str) -> String {
    let header = format!("diff --git {} {}\n", quoted("a/", path), quoted("b/", path));
    let Some(start) = text.find(&header) else { return String::new() };
    let body = text.get(start + header.len()..).unwrap_or_default();
    let end = body.find("\ndiff --git ").map_or(body.len(), |end| end + 1);
    let body = body.get(..end).unwrap_or_default();
    match body.find("@@ ") {
        Some(hunks) => format!("--- a\n+++ b\n{}", body.get(hunks..).unwrap_or_default()),
        None => String::new(),
    }
}

/// UTF-8 without NUL; a file that is not there is empty.
fn as_text(content: Option<&[u8]>) -> Option<&str> {
    let text = std::str::from_utf8(content.unwrap_or_default()).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// git's quoting: C style in double quotes when a byte is not printable ASCII, or is a quote or backslash.
fn quoted(prefix: &str, path: &str) -> String {
    let plain = path.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\');
    if plain {
        return format!("{prefix}{path}");
    }
    let mut text = format!("\"{prefix}");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(byte));
            }
            0x20..0x7f => text.push(char::from(byte)),
            _ => {
                let _infallible = write!(text, "\\{byte:03o}");
            }
        }
    }
    text.push('"');
    text
}
