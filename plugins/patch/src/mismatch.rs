//! Why a diff does not fit a file, hunk by hunk.

use diffy::{Hunk, Line, Patch};

/// At most so many hunks are explained; a model cannot mend more at once.
const EXPLAINED: usize = 5;

/// A sentence for each hunk that does not fit the text anywhere.
pub(crate) fn explain(path: &str, text: &str, patch: &Patch<'_, str>) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let failed: Vec<String> = patch
        .hunks()
        .iter()
        .zip(1..)
        .filter(|(hunk, _)| !fits_somewhere(hunk, &lines))
        .map(|(hunk, number): (_, u32)| sentence(path, number, hunk, &lines))
        .collect();
    match failed.len() {
        // Each hunk fits alone, but not one after another.
        0 => format!("The hunks of `{path}` overlap or are not in order."),
        count if count > EXPLAINED => {
            let shown: Vec<String> = failed.into_iter().take(EXPLAINED).collect();
            format!("{} {} more hunks of `{path}` do not fit.", shown.join(" "), count - EXPLAINED)
        }
        _ => failed.join(" "),
    }
}

fn before<'hunk>(hunk: &'hunk Hunk<'_, str>) -> impl Iterator<Item = &'hunk str> {
    hunk.lines().iter().filter_map(|line| match line {
        Line::Context(text) | Line::Delete(text) => Some(*text),
        Line::Insert(_) => None,
    })
}

fn fits_somewhere(hunk: &Hunk<'_, str>, lines: &[&str]) -> bool {
    let expected: Vec<&str> = before(hunk).collect();
    expected.is_empty() || lines.windows(expected.len()).any(|window| window == expected)
}

/// Compares at the place that the hunk names.
fn sentence(path: &str, number: u32, hunk: &Hunk<'_, str>, lines: &[&str]) -> String {
    let range = hunk.old_range();
    let head = format!("Hunk {number} of `{path}` (@@ -{},{} @@)", range.start(), range.len());
    let first = range.start().saturating_sub(1);
    for (expected, index) in before(hunk).zip(first..) {
        match lines.get(index) {
            Some(found) if *found == expected => {}
            Some(found) => {
                return format!(
                    "{head}: line {} is `{}`, the diff expects `{}`.",
                    index + 1,
                    found.trim_end_matches('\n'),
                    expected.trim_end_matches('\n')
                );
            }
            None => {
                return format!(
                    "{head}: the file ends after line {}, the diff expects `{}` there.",
                    lines.len(),
                    expected.trim_end_matches('\n')
                );
            }
        }
    }
    format!("{head}: its lines are not in the file.")
}
