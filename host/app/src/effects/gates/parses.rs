//! Whether changed files parse in their language.

use super::ChangedContent;
use domain::effect::bounded;
use domain::rigor::gate::{self, Gate, GateStatus};

/// What a parser said of a file.
enum Parsed {
    Good,
    Bad(String),
    /// No parser for it, or too large for one.
    Unknown,
}

/// Larger files are not parsed: a grammar may take long for what somebody made to be slow.
const PARSED_LIMIT: usize = 512 << 10;

/// Passed when every changed file that has a parser parses; not run when none has one.
pub(super) fn gate(changed: &[ChangedContent]) -> Gate {
    let (mut good, mut bad, mut unknown) = (0, Vec::new(), Vec::new());
    for file in changed {
        let Some(after) = &file.after else { continue };
        match parse(&file.path, after) {
            Parsed::Good => good += 1,
            Parsed::Bad(problem) => bad.push(format!("{}: {problem}", file.path)),
            Parsed::Unknown => unknown.push(file.path.clone()),
        }
    }
    let (status, evidence) = if !bad.is_empty() {
        (GateStatus::Failed, bad.join("; "))
    } else if good == 0 && !unknown.is_empty() {
        (GateStatus::NotRun, format!("no parser for, or too large: {}", unknown.join(", ")))
    } else if unknown.is_empty() {
        (GateStatus::Passed, format!("{good} changed file(s) parse"))
    } else {
        (
            GateStatus::Passed,
            format!("{good} changed file(s) parse; no parser for, or too large: {}", unknown.join(", ")),
        )
    };
    Gate { name: gate::PARSES.to_owned(), status, evidence: bounded(evidence, 2000) }
}

fn parse(path: &str, content: &[u8]) -> Parsed {
    if content.len() > PARSED_LIMIT {
        return Parsed::Unknown;
    }
    let Ok(text) = std::str::from_utf8(content) else { return Parsed::Unknown };
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "js" | "mjs" | "cjs" | "jsx" => tree(text, &tree_sitter_javascript::LANGUAGE.into()),
        "py" => python(text),
        "json" => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(_) => Parsed::Good,
            Err(error) => Parsed::Bad(error.to_string()),
        },
        _ => Parsed::Unknown,
    }
}

/// The grammar mends faulty indentation without a word, so that is looked at by itself.
fn python(text: &str) -> Parsed {
    match tree(text, &tree_sitter_python::LANGUAGE.into()) {
        Parsed::Good => indentation::problem(text).map_or(Parsed::Good, Parsed::Bad),
        other => other,
    }
}

fn tree(text: &str, language: &tree_sitter::Language) -> Parsed {
    let mut parser = tree_sitter::Parser::new();
    if parser.set_language(language).is_err() {
        return Parsed::Unknown;
    }
    let Some(tree) = parser.parse(text, None) else { return Parsed::Unknown };
    match first_error(tree.root_node()) {
        None => Parsed::Good,
        Some(node) => Parsed::Bad(format!("syntax error at line {}", node.start_position().row + 1)),
    }
}

/// The first node that is an error or missing, depth first without recursion: the text is a model's.
fn first_error(root: tree_sitter::Node<'_>) -> Option<tree_sitter::Node<'_>> {
    if !root.has_error() {
        return None;
    }
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        if node.is_error() || node.is_missing() {
            return Some(node);
        }
        let mut cursor = node.walk();
        let mut children: Vec<_> =
            node.children(&mut cursor).filter(|child| child.has_error() || child.is_missing()).collect();
        children.reverse();
        open.extend(children);
    }
    Some(root)
}
