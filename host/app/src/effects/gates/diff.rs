//! The unified diff of a workspace against its base, in the form that `git apply` takes, and the gate that applies it to a clean copy.

use super::{ChangedContent, judged};
use domain::rigor::gate::{self, Gate};
use std::fmt::Write as _;

/// Two versions of a file are compared line by line while what is left between their common beginning and end has at most this many
/// lines in all: the comparison takes up to the square of that. Beyond it the middle is replaced as a whole.
const COMPARED_LINES: usize = 10_000;
/// Lines of context around a hunk, as git has.
const CONTEXT: usize = 3;

/// The diff of each file that a text diff can carry, and the files that it cannot.
pub(super) struct Unified {
    pub(super) sections: Vec<Section>,
    pub(super) binary: Vec<String>,
}

/// The diff of one file.
pub(super) struct Section {
    pub(super) path: String,
    /// From `diff --git` to the first hunk.
    header: String,
    /// From the first `@@` on; empty when only the name or the mode says it all.
    pub(super) hunks: String,
}

impl Unified {
    /// What `git apply` takes.
    pub(super) fn text(&self) -> String {
        self.sections.iter().flat_map(|section| [section.header.as_str(), section.hunks.as_str()]).collect()
    }

    /// How long that is.
    pub(super) fn bytes(&self) -> usize {
        self.sections.iter().map(|section| section.header.len() + section.hunks.len()).sum()
    }
}

/// One diff over all changed files. Names are quoted as git does.
pub(super) fn unified(changed: &[ChangedContent]) -> Unified {
    let mut whole = Unified { sections: Vec::new(), binary: Vec::new() };
    // The lines that may still be compared; one large file must not make all of them slow.
    let mut lines_left = 2 * COMPARED_LINES;
    for file in changed {
        match (as_text(file.before.as_deref()), as_text(file.after.as_deref())) {
            (Some(before), Some(after)) => whole.sections.push(section(file, before, after, &mut lines_left)),
            _ => whole.binary.push(file.path.clone()),
        }
    }
    whole
}

fn section(file: &ChangedContent, before: &str, after: &str, lines_left: &mut usize) -> Section {
    let (old, new) = (quoted("a/", &file.path), quoted("b/", &file.path));
    let mut header = format!("diff --git {old} {new}\n");
    if file.before.is_none() {
        header.push_str("new file mode 100644\n");
    }
    if file.after.is_none() {
        header.push_str("deleted file mode 100644\n");
    }
    let hunks = hunks(before, after, lines_left);
    if !hunks.is_empty() {
        // git ends a name with blanks by a tab here, and reads it so.
        let tab = if file.path.contains(' ') { "\t" } else { "" };
        let named =
            |there: bool, name: String| if there { format!("{name}{tab}") } else { "/dev/null".to_owned() };
        let (old, new) = (named(file.before.is_some(), old), named(file.after.is_some(), new));
        // Writing to a String cannot fail.
        let _infallible = write!(header, "--- {old}\n+++ {new}\n");
    }
    Section { path: file.path.clone(), header, hunks }
}

/// Hunks from one text to the other.
fn hunks(before: &str, after: &str, lines_left: &mut usize) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let head = old.iter().zip(&new).take_while(|(left, right)| left == right).count();
    let rest = old.len().min(new.len()) - head;
    let tail =
        old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(left, right)| left == right).count();
    let middle = old.len() + new.len() - 2 * (head + tail);
    if middle <= COMPARED_LINES && middle <= *lines_left {
        *lines_left -= middle;
        let patch = diffy::create_patch(before, after).to_string();
        return patch.find("@@ ").and_then(|start| patch.get(start..)).unwrap_or_default().to_owned();
    }
    replacement(&old, &new, head, tail)
}

/// One hunk that replaces everything between the common `head` and `tail`.
fn replacement(old: &[&str], new: &[&str], head: usize, tail: usize) -> String {
    let start = head.saturating_sub(CONTEXT);
    let end = |lines: &[&str]| lines.len() - tail.saturating_sub(CONTEXT).min(tail);
    let (old_end, new_end) = (end(old), end(new));
    let range = |from: usize, to: usize| {
        let (count, first) = (to - from, if to > from { from + 1 } else { from });
        if count == 1 { first.to_string() } else { format!("{first},{count}") }
    };
    let mut text = format!("@@ -{} +{} @@\n", range(start, old_end), range(start, new_end));
    let mut write = |sign: char, lines: &[&str]| {
        for line in lines {
            text.push(sign);
            text.push_str(line);
            if !line.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
    };
    write(' ', old.get(start..head).unwrap_or_default());
    write('-', old.get(head..old.len() - tail).unwrap_or_default());
    write('+', new.get(head..new.len() - tail).unwrap_or_default());
    write(' ', old.get(old.len() - tail..old_end).unwrap_or_default());
    text
}

/// Apply the diff of each file to a clean copy and compare with the workspace.
pub(super) fn gate(changed: &[ChangedContent], unified: &Unified) -> Gate {
    let mut problems: Vec<String> =
        unified.binary.iter().map(|path| format!("{path} is binary: a text diff cannot carry it")).collect();
    for file in changed.iter().filter(|file| !unified.binary.contains(&file.path)) {
        let hunks = unified.sections.iter().find(|section| section.path == file.path);
        let applied = hunks.map_or_else(
            || Err("the diff does not have it".to_owned()),
            |section| reapply(file, &section.hunks),
        );
        if let Err(problem) = applied {
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

fn reapply(file: &ChangedContent, hunks: &str) -> Result<(), String> {
    let before = as_text(file.before.as_deref()).unwrap_or_default();
    let after = as_text(file.after.as_deref()).unwrap_or_default();
    let applied = if hunks.is_empty() {
        before.to_owned()
    } else {
        let text = format!("--- a\n+++ b\n{hunks}");
        let patch =
            diffy::Patch::from_str(&text).map_err(|error| format!("the diff is not readable: {error}"))?;
        diffy::apply(before, &patch).map_err(|error| format!("the diff does not apply: {error}"))?
    };
    if applied == after { Ok(()) } else { Err("the diff does not give the workspace's content".to_owned()) }
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
