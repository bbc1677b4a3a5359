//! Whether the indentation of a Python file can be right, by the rules of Python's tokenizer: a block follows a line that ends with
//! `:`, a line may only go back to a level that is open, and tabs and blanks may not be mixed so that the width of a tab decides.
//!
//! Parsers that repair what they read let such faults pass, and weak models make them often: `def f(): return 1` with the old body
//! still below it. The host's gate `parses` asks here, and so does `plugins/rigor` for those who write files: that is why this is a
//! crate of its own, without dependencies, that compiles for the host and for guests.
//!
//! It is no parser: it knows strings, brackets, comments and continued lines, nothing else, and says nothing of a text that it
//! cannot follow. Whether the statements are right is for others to say.
//!
//! Start reading at [`problem`]; how the file is cut into statements is in `statements.rs`.

mod statements;

use statements::{Indent, Statement, statements};

/// What is wrong, with the line, as a fragment such as `unexpected indent on line 2`; none if nothing is, or if the text cannot be
/// followed.
#[must_use]
pub fn problem(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut open = vec![Indent::default()];
    let mut opens_block = false;
    for statement in statements(&text)? {
        let Statement { line, indent, .. } = statement;
        let innermost = open.last().copied().unwrap_or_default();
        if indent.column > innermost.column {
            if !opens_block {
                return Some(format!("unexpected indent on line {line}"));
            }
            if indent.characters <= innermost.characters {
                return Some(mixed(line));
            }
            open.push(indent);
        } else {
            if opens_block {
                return Some(format!("an indented block is missing before line {line}"));
            }
            while open.last().is_some_and(|level| level.column > indent.column) {
                open.pop();
            }
            match open.last() {
                Some(level) if level.column != indent.column => {
                    return Some(format!("line {line} is indented like no line before it"));
                }
                Some(level) if level.characters != indent.characters => return Some(mixed(line)),
                _ => {}
            }
        }
        opens_block = statement.opens_block;
    }
    opens_block.then(|| "the last block is missing".to_owned())
}

fn mixed(line: usize) -> String {
    format!("line {line} mixes tabs and blanks, so that its level depends on the width of a tab")
}

#[cfg(test)]
mod tests;
