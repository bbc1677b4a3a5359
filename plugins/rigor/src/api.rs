//! What a file offers to others: the public names of its language or the version of a manifest, and what a change of them means to those who use them. Read line by
//! line, without a parser: names that are made at run time are not seen.

mod read;

use serde::{Deserialize, Serialize};
use skep_sdk::schema::Schema;

use crate::paths;

/// One public name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Schema)]
pub struct Item {
    /// With its type before it, if it belongs to one: `TodoList.add`.
    pub name: String,
    /// Its parameters and what it gives back, else empty.
    pub form: String,
}

/// What happened to the public names of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Names that are gone.
    pub removed: Vec<String>,
    /// Names that are there under another name, as `old -> new`: their form is the same, and only they are gone and new.
    pub renamed: Vec<String>,
    /// Names that have to be called otherwise now, as `old -> new`.
    pub changed: Vec<String>,
    /// New names, or names that take more than before.
    pub added: Vec<String>,
}

impl Difference {
    /// True if those who use the names have to change.
    pub fn is_breaking(&self) -> bool {
        !(self.removed.is_empty() && self.renamed.is_empty() && self.changed.is_empty())
    }

    /// The names that users know and that do not work any more.
    pub fn broken(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.removed.iter().map(String::as_str).collect();
        names.extend(self.renamed.iter().filter_map(|line| line.split(" -> ").next()));
        names.extend(self.changed.iter().filter_map(|line| line.split('(').next()));
        names
    }
}

/// The public names of a file, in order, each once. Tests offer nothing.
pub fn items(path: &str, text: &str) -> Vec<Item> {
    if paths::is_test(path) {
        return Vec::new();
    }
    if matches!(paths::name(path), "Cargo.toml" | "package.json" | "pyproject.toml") {
        return version(path, text).into_iter().collect();
    }
    let mut items = match paths::ending(path) {
        "rs" => read::rust(text),
        "py" => read::python(text),
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "tsx" => read::javascript(text),
        "go" => read::go(text),
        "java" | "cs" => read::java(text),
        _ => Vec::new(),
    };
    items.sort();
    items.dedup_by(|left, right| left.name == right.name);
    items
}

/// What a manifest offers is a version. TOML is read by lines: whoever writes files would carry a parser for this alone.
fn version(path: &str, text: &str) -> Option<Item> {
    let item = |version: &str| Item { name: "version".to_owned(), form: version.to_owned() };
    if paths::ending(path) == "json" {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        return value.get("version").and_then(serde_json::Value::as_str).map(item);
    }
    const TABLES: [&str; 4] = ["[package]", "[workspace.package]", "[project]", "[tool.poetry]"];
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = TABLES.contains(&line);
        } else if inside
            && let Some(rest) =
                line.strip_prefix("version").and_then(|rest| rest.trim_start().strip_prefix('='))
        {
            return rest.trim().strip_prefix('"').and_then(|rest| rest.split('"').next()).map(item);
        }
    }
    None
}

/// Compares the public names of one file before and after.
pub fn compare(path: &str, before: &[Item], after: &[Item]) -> Difference {
    let find = |items: &[Item], name: &str| items.iter().find(|item| item.name == name).cloned();
    let strict = matches!(paths::ending(path), "rs" | "go");
    let mut difference = Difference::default();
    let mut gone: Vec<Item> = Vec::new();
    for old in before {
        match find(after, &old.name) {
            None => gone.push(old.clone()),
            Some(new) if new.form == old.form => {}
            Some(new) if fits(&old.form, &new.form, strict) => {
                difference.added.push(format!("{}{}", new.name, new.form));
            }
            Some(new) => {
                difference.changed.push(format!("{}{} -> {}{}", old.name, old.form, new.name, new.form));
            }
        }
    }
    let mut new: Vec<Item> =
        after.iter().filter(|item| find(before, &item.name).is_none()).cloned().collect();
    for old in gone {
        let same: Vec<usize> =
            (0..).zip(&new).filter(|(_, item)| item.form == old.form).map(|(index, _)| index).collect();
        match same.as_slice() {
            [index] if !old.form.is_empty() => {
                let item = new.remove(*index);
                difference.renamed.push(format!("{} -> {}", old.name, item.name));
            }
            _ => difference.removed.push(old.name),
        }
    }
    difference.added.extend(new.into_iter().map(|item| item.name));
    difference
}

/// True if whoever calls the old form can call the new one: the same parameters in the same order, and more only with a default.
fn fits(old: &str, new: &str, strict: bool) -> bool {
    let ((old, gave), (new, gives)) = (parts(old), parts(new));
    if strict && (gave != gives || old.len() != new.len()) {
        return false;
    }
    let name = |parameter: &str| parameter.split('=').next().unwrap_or_default().trim().to_owned();
    let same = old.len() <= new.len() && old.iter().zip(&new).all(|(old, new)| name(old) == name(new));
    let optional = |parameter: &String| {
        parameter.contains('=')
            || parameter.contains('?')
            || parameter.starts_with('*')
            || parameter.starts_with("...")
    };
    // A parameter whose default is gone has to be given now.
    let kept = old.iter().zip(&new).all(|(old, new)| !old.contains('=') || new.contains('='));
    same && kept && new.iter().skip(old.len()).all(optional)
}

/// The parameters of `(a, b) -> c`, and what stands after them.
fn parts(form: &str) -> (Vec<String>, String) {
    let mut depth = 0_i32;
    let (mut parameters, mut current) = (Vec::new(), String::new());
    for (index, character) in form.char_indices() {
        match character {
            '(' | '[' | '{' | '<' => depth += 1,
            // The arrow of a type is no bracket.
            '>' if current.ends_with('-') || current.ends_with('=') => {}
            ')' | ']' | '}' | '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            parameters.push(current.trim().to_owned());
            parameters.retain(|parameter| !parameter.is_empty());
            let rest = form.get(index + character.len_utf8()..).unwrap_or_default();
            return (parameters, rest.trim().to_owned());
        }
        if character == ',' && depth == 1 {
            parameters.push(current.trim().to_owned());
            current.clear();
        } else if !(character == '(' && depth == 1) {
            current.push(character);
        }
    }
    (parameters, String::new())
}

#[cfg(test)]
mod tests;
