//! The public names of each language.

use super::Item;

/// Lines that a declaration may go over.
const MOST_LINES: usize = 15;

fn item(name: &str, form: &str) -> Option<Item> {
    let name = name.trim();
    (!name.is_empty()).then(|| Item { name: name.to_owned(), form: tidy(form) })
}

/// Blanks and trailing commas say nothing.
fn tidy(form: &str) -> String {
    let words: Vec<&str> = form.split_whitespace().collect();
    let mut text = words.join(" ");
    for (long, short) in [("( ", "("), (" )", ")"), (",)", ")"), (" ,", ",")] {
        text = text.replace(long, short);
    }
    text.trim_end_matches(['{', ':', ';']).trim_end().to_owned()
}

/// The name at the beginning of a text.
fn name(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '$');
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// From the first bracket of a line to the end of the declaration, over as many lines as it takes.
fn form(lines: &[&str], at: usize, after: &str, ends: &[char]) -> String {
    let mut text = after.to_owned();
    let open = |text: &str| {
        text.matches('(').count().saturating_sub(text.matches(')').count()) > 0 || !text.contains(ends)
    };
    for line in lines.iter().skip(at + 1).take(MOST_LINES) {
        if !open(&text) {
            break;
        }
        text.push(' ');
        text.push_str(line.trim());
    }
    let Some(start) = text.find(['(', '<']) else { return String::new() };
    let from = text.get(start..).unwrap_or_default();
    let mut depth = 0_i32;
    for (index, letter) in from.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            letter if depth == 0 && ends.contains(&letter) => {
                return from.get(..index).unwrap_or_default().to_owned();
            }
            _ => {}
        }
    }
    from.to_owned()
}

pub(super) fn rust(text: &str) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    let (mut items, mut owner) = (Vec::new(), String::new());
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        if indent(line) == 0 {
            owner.clear();
            if trimmed.starts_with("impl") {
                let head = trimmed.split('{').next().unwrap_or_default();
                // A trait's methods are the trait's.
                if !head.contains(" for ") {
                    let after = head.trim_start_matches("impl").trim_start();
                    let after = if after.starts_with('<') {
                        after.split_once("> ").map_or("", |(_, rest)| rest)
                    } else {
                        after
                    };
                    owner = name(after).to_owned();
                }
            }
        }
        let Some(mut rest) = trimmed.strip_prefix("pub ") else { continue };
        while let Some(after) = ["async ", "unsafe ", "extern \"C\" ", "const fn "].iter().find_map(|word| {
            rest.strip_prefix(word).map(|_| {
                let keep = if *word == "const fn " { "const " } else { word };
                rest.get(keep.len()..).unwrap_or_default()
            })
        }) {
            rest = after;
        }
        if let Some(after) = rest.strip_prefix("fn ") {
            let called =
                if owner.is_empty() { name(after).to_owned() } else { format!("{owner}::{}", name(after)) };
            items.extend(item(&called, &form(&lines, at, after, &['{', ';'])));
        } else if indent(line) == 0 {
            for word in ["struct ", "enum ", "trait ", "type ", "const ", "static ", "mod ", "union "] {
                if let Some(after) = rest.strip_prefix(word) {
                    items.extend(item(name(after), ""));
                }
            }
        }
    }
    items
}

pub(super) fn python(text: &str) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    let mut items = Vec::new();
    // The class at the margin, and the indent of its members.
    let (mut owner, mut inner): (Option<&str>, Option<usize>) = (None, None);
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let column = indent(line);
        if column == 0 {
            (owner, inner) = (None, None);
        } else if owner.is_some() && inner.is_none() {
            inner = Some(column);
        }
        let declared = trimmed.strip_prefix("async ").unwrap_or(trimmed);
        if let Some(after) = declared.strip_prefix("def ") {
            let called = name(after);
            let head = form(&lines, at, after, &[':']);
            // What it gives back is a remark in Python.
            let head = head.split("->").next().unwrap_or_default().trim().to_owned();
            match owner {
                None if column == 0 && !called.starts_with('_') => items.extend(item(called, &head)),
                Some(class) if Some(column) == inner && called == "__init__" => {
                    items.extend(item(&format!("{class}.__init__"), &head));
                }
                Some(class) if Some(column) == inner && !called.starts_with('_') => {
                    items.extend(item(&format!("{class}.{called}"), &head));
                }
                _ => {}
            }
        } else if column == 0
            && let Some(after) = trimmed.strip_prefix("class ")
        {
            let called = name(after);
            if !called.starts_with('_') {
                owner = Some(called);
                items.extend(item(called, ""));
            }
        }
    }
    items
}

pub(super) fn javascript(text: &str) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    let mut items = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        if let Some(rest) = trimmed.strip_prefix("export ") {
            let rest = rest.strip_prefix("default ").unwrap_or(rest);
            let rest = rest.strip_prefix("declare ").unwrap_or(rest);
            let rest = rest.strip_prefix("async ").unwrap_or(rest);
            if let Some(after) = rest.strip_prefix("function") {
                let after = after.trim_start_matches('*').trim_start();
                items.extend(item(name(after), &form(&lines, at, after, &['{', ';'])));
            } else if let Some(list) = rest.strip_prefix('{') {
                items.extend(listed(&lines, &from(&lines, at, list)));
            } else {
                for word in
                    ["abstract class ", "class ", "const ", "let ", "var ", "interface ", "type ", "enum "]
                {
                    if let Some(after) = rest.strip_prefix(word) {
                        items.extend(item(name(after), &arrow(after)));
                    }
                }
            }
        } else if let Some(rest) = trimmed.strip_prefix("module.exports") {
            let rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('.') {
                let called = name(after);
                items.extend(item(called, &declared(&lines, called)));
            } else if let Some(list) = rest.strip_prefix('=').map(str::trim_start) {
                match list.strip_prefix('{') {
                    Some(list) => items.extend(listed(&lines, &from(&lines, at, list))),
                    None => items.extend(item(name(list), &declared(&lines, name(list)))),
                }
            }
        } else if let Some(after) = trimmed.strip_prefix("exports.") {
            let called = name(after);
            items.extend(item(called, &declared(&lines, called)));
        }
    }
    items
}

/// The rest of a list up to its closing bracket.
fn from(lines: &[&str], at: usize, first: &str) -> String {
    let mut text = first.to_owned();
    for line in lines.iter().skip(at + 1).take(100) {
        if text.contains('}') {
            break;
        }
        text.push(' ');
        text.push_str(line.split("//").next().unwrap_or_default());
    }
    text.split('}').next().unwrap_or_default().to_owned()
}

fn listed(lines: &[&str], list: &str) -> Vec<Item> {
    list.split(',')
        .filter_map(|part| {
            let part = part.trim();
            let part = part.rsplit_once(" as ").map_or(part, |(_, called)| called.trim());
            item(name(part), &declared(lines, name(part)))
        })
        .collect()
}

/// The form of a function that is declared somewhere in the file.
fn declared(lines: &[&str], called: &str) -> String {
    if called.is_empty() {
        return String::new();
    }
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let trimmed = trimmed.strip_prefix("async ").unwrap_or(trimmed);
        if let Some(after) = trimmed.strip_prefix("function ")
            && name(after) == called
        {
            return tidy(&form(lines, at, after, &['{', ';']));
        }
        if let Some(after) = trimmed.strip_prefix("const ")
            && name(after) == called
        {
            return arrow(after);
        }
    }
    String::new()
}

/// `(a, b)` of `name = (a, b) => …`.
fn arrow(after: &str) -> String {
    let Some((head, _)) = after.split_once("=>") else { return String::new() };
    let start = head.find('(').and_then(|start| head.get(start..));
    start.map(|form| tidy(form.trim())).unwrap_or_default()
}

pub(super) fn go(text: &str) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    let mut items = Vec::new();
    let is_public = |called: &str| called.chars().next().is_some_and(char::is_uppercase);
    for (at, line) in lines.iter().enumerate() {
        if let Some(rest) = line.strip_prefix("func ") {
            let (owner, rest) = match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
                Some((receiver, rest)) => {
                    let owner = receiver.rsplit([' ', '*']).next().unwrap_or_default();
                    (name(owner).to_owned(), rest.trim_start())
                }
                None => (String::new(), rest),
            };
            let called = name(rest);
            if is_public(called) {
                let full = if owner.is_empty() { called.to_owned() } else { format!("{owner}.{called}") };
                items.extend(item(&full, &form(&lines, at, rest, &['{'])));
            }
        } else if let Some(rest) = line.strip_prefix("type ")
            && is_public(name(rest))
        {
            items.extend(item(name(rest), ""));
        }
    }
    items
}

pub(super) fn java(text: &str) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    let (mut items, mut owner) = (Vec::new(), String::new());
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let Some(rest) = trimmed.strip_prefix("public ") else { continue };
        let words: Vec<&str> = rest.split_whitespace().collect();
        let kind = words
            .iter()
            .position(|word| matches!(*word, "class" | "interface" | "enum" | "record" | "struct"));
        if let Some(kind) = kind {
            let called = words.get(kind + 1).map(|word| name(word)).unwrap_or_default();
            called.clone_into(&mut owner);
            items.extend(item(called, ""));
        } else if let Some((head, _)) = rest.split_once('(') {
            let called = head.rsplit([' ', '>']).next().unwrap_or_default();
            let after = rest.get(head.len()..).unwrap_or_default();
            items.extend(item(&format!("{owner}.{called}"), &form(&lines, at, after, &['{', ';'])));
        }
    }
    items
}
