//! A file cut into statements: what Python calls logical lines.

/// Blanks to the next place where a tab ends, as Python counts.
const TAB: usize = 8;

/// How far a line is indented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Indent {
    /// With tabs that go to the next multiple of eight.
    pub(crate) column: usize,
    /// With tabs of width one. Two lines agree whatever the width of a tab is only if they agree in both.
    pub(crate) characters: usize,
}

/// A statement, which may stand on several lines of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Its first line, from 1.
    pub(crate) line: usize,
    pub(crate) indent: Indent,
    /// It ends with `:`.
    pub(crate) opens_block: bool,
}

/// All statements; empty lines and comments are none. None where the text cannot be followed: a string or bracket without an end.
pub(crate) fn statements(text: &str) -> Option<Vec<Statement>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let (indent, blanks) = indent(rest);
        let (last, length) = statement(rest.get(blanks..)?)?;
        if let Some(last) = last {
            found.push(Statement { line, indent, opens_block: last == ':' });
        }
        let (taken, after) = rest.split_at_checked(blanks + length)?;
        line += taken.matches('\n').count();
        rest = after;
    }
    Some(found)
}

/// The indentation of the first line, and its bytes.
fn indent(text: &str) -> (Indent, usize) {
    let mut indent = Indent::default();
    for (at, character) in text.char_indices() {
        match character {
            ' ' => {
                indent.column += 1;
                indent.characters += 1;
            }
            '\t' => {
                indent.column = (indent.column / TAB + 1) * TAB;
                indent.characters += 1;
            }
            // A form feed begins the line anew.
            '\u{c}' => indent = Indent::default(),
            _ => return (indent, at),
        }
    }
    (indent, text.len())
}

/// The last character of the statement that is code, none for an empty line, and the bytes up to the next statement.
fn statement(text: &str) -> Option<(Option<char>, usize)> {
    let mut last = None;
    let mut depth: usize = 0;
    let mut at = 0;
    while let Some(character) = text.get(at..)?.chars().next() {
        let mut length = character.len_utf8();
        match character {
            '\n' if depth == 0 => return Some((last, at + 1)),
            '#' => length = text.get(at..)?.find('\n').unwrap_or(text.len() - at),
            // The line goes on. One that begins so is indented in a way of its own.
            '\\' if last.is_none() || !text.get(at + 1..)?.starts_with('\n') => return None,
            '\\' => length += 1,
            '"' | '\'' => {
                length = string(text.get(at..)?, character)?;
                last = Some(character);
            }
            '(' | '[' | '{' => {
                depth += 1;
                last = Some(character);
            }
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                last = Some(character);
            }
            other if other.is_whitespace() => {}
            other => last = Some(other),
        }
        at += length;
    }
    (depth == 0).then_some((last, text.len()))
}

/// Bytes of a string with its quotes. A quote inside the braces of an f-string ends it here and begins another one after them: the
/// pairs come out the same.
fn string(text: &str, quote: char) -> Option<usize> {
    let triple: String = [quote; 3].iter().collect();
    let long = text.starts_with(&triple);
    let start = if long { 3 } else { 1 };
    let mut escaped = false;
    for (at, character) in text.get(start..)?.char_indices() {
        let at = at + start;
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if long && text.get(at..)?.starts_with(&triple) {
            return Some(at + 3);
        } else if !long && character == quote {
            return Some(at + 1);
        } else if !long && character == '\n' {
            return None;
        }
    }
    None
}
