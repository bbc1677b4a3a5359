//! Whether the indentation of a Python file can be right. Parsers that repair what they read let it pass, and weak models get it wrong
//! often: `def f(): return 1` with the old body still below it.
//!
//! It reads strings, brackets and comments, nothing else, and says nothing of what it does not understand.

/// What is wrong, with the line; none if nothing is, or if the text cannot be followed.
pub(super) fn problem(text: &str) -> Option<String> {
    let mut levels: Vec<usize> = vec![0];
    let mut opens_block = false;
    for line in logical_lines(&text.replace("\r\n", "\n"))? {
        let level = levels.last().copied().unwrap_or(0);
        let number = line.number;
        if line.indent > level {
            if !opens_block {
                return Some(format!("unexpected indent on line {number}"));
            }
            levels.push(line.indent);
        } else {
            if opens_block {
                return Some(format!("an indented block is missing before line {number}"));
            }
            while levels.last().is_some_and(|level| *level > line.indent) {
                levels.pop();
            }
            if levels.last() != Some(&line.indent) {
                return Some(format!("line {number} is indented like no line before it"));
            }
        }
        opens_block = line.opens_block;
    }
    opens_block.then(|| "the last block is missing".to_owned())
}

/// A statement, which may stand on several lines of the file.
struct Logical {
    number: usize,
    indent: usize,
    opens_block: bool,
}

/// None where the text cannot be followed: tabs before code, a string or bracket without an end.
fn logical_lines(text: &str) -> Option<Vec<Logical>> {
    let mut lines = Vec::new();
    let mut rest = text;
    let mut number = 1;
    while !rest.is_empty() {
        let indent = rest.len() - rest.trim_start_matches(' ').len();
        let begun = number;
        let (last, length) = statement(rest.get(indent..)?)?;
        let (taken, after) = rest.split_at_checked(indent + length)?;
        number += taken.matches('\n').count();
        rest = after;
        if let Some(last) = last {
            lines.push(Logical { number: begun, indent, opens_block: last == ':' });
        }
    }
    Some(lines)
}

/// The last character of the statement that is code, none for an empty line, and the bytes up to the next statement.
fn statement(text: &str) -> Option<(Option<char>, usize)> {
    let mut last = None;
    let mut depth: usize = 0;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\t' if last.is_none() => return None,
            '\n' if depth == 0 => return Some((last, at + 1)),
            '#' => {
                let length = text.get(at..)?.find('\n').unwrap_or(text.len() - at);
                // The line break itself is looked at next.
                for _ in text.get(at + 1..at + length)?.chars() {
                    characters.next();
                }
            }
            '\\' => {
                // A line that goes on.
                characters.next();
            }
            '(' | '[' | '{' => {
                depth += 1;
                last = Some(character);
            }
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                last = Some(character);
            }
            '"' | '\'' => {
                let length = string(text.get(at..)?, character)?;
                for _ in text.get(at + 1..at + length)?.chars() {
                    characters.next();
                }
                last = Some(character);
            }
            other if other.is_whitespace() => {}
            other => last = Some(other),
        }
    }
    (depth == 0).then_some((last, text.len()))
}

/// Bytes of a string with its quotes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_takes_is_fine() {
        for text in [
            "",
            "x = 1\n",
            "def f():\n    return 1\n\n\ndef g(): return 2\n",
            "def f(\n  a,\n      b,\n):\n    \"\"\"Text:\n  more\n\"\"\"\n    return {\n1: 2}\n",
            "if a:  # why:\n    x = \"#:\"\n  # a comment anywhere\n    y = 'it\\'s'\nelse:\n    pass",
            "class A:\n\n    x: int = 1\n\n    def f(self) -> int:\n        return 1 + \\\n            2\n",
            "x = 1 + \\\r\n    2\r\n",
            "s = '''a\n    b:\n'''\nt = 1\n",
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
    }

    #[test]
    fn what_python_refuses_is_named_with_its_line() {
        for (text, expected) in [
            ("def f(): return 1\n    x = 2\n", "unexpected indent on line 2"),
            ("x = 1\n  y = 2\n", "unexpected indent on line 2"),
            ("def f():\nreturn 1\n", "an indented block is missing before line 2"),
            ("if a:\n        x = 1\n    y = 2\n", "line 3 is indented like no line before it"),
            ("def f():\n", "the last block is missing"),
        ] {
            assert_eq!(problem(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_not_judged() {
        for text in ["if a:\n\tx = 1\n", "x = 'open\n    y = 1\n", "x = (1\n    y\n", "x = )\n  y\n"] {
            assert_eq!(problem(text), None, "{text}");
        }
    }
}
