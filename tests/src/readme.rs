//! README.md, taken apart: what a newcomer copies from it and what it promises in tables.

use crate::newcomer::repository;

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The nearest heading above it.
    pub heading: String,
    /// After the fence, such as `sh`.
    pub language: String,
    /// What stands in it.
    pub text: String,
}

/// The whole text.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn text() -> String {
    std::fs::read_to_string(repository().join("README.md")).expect("README.md")
}

/// All fenced blocks, from top to bottom.
#[must_use]
pub fn blocks() -> Vec<Block> {
    let (mut blocks, mut heading, mut open): (Vec<Block>, String, Option<Block>) =
        (Vec::new(), String::new(), None);
    for line in text().lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(language)) => {
                open = Some(Block {
                    heading: heading.clone(),
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut heading);
                }
            }
        }
    }
    blocks
}

/// The only block below a heading that begins like this.
///
/// # Panics
/// When there is none or more than one.
#[must_use]
pub fn block(heading: &str, begin: &str) -> String {
    let mut found =
        blocks().into_iter().filter(|block| block.heading == heading && block.text.starts_with(begin));
    let first = found.next().unwrap_or_else(|| panic!("README.md: no block {begin:?} below {heading}"));
    assert_eq!(found.next(), None, "README.md: more than one block {begin:?} below {heading}");
    first.text
}

/// The lines of the table whose head begins like this, with the head and without the rule below it.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn table(head: &str) -> Vec<String> {
    let text = text();
    let lines = text.lines().skip_while(|line| !line.starts_with(head));
    let rows: Vec<String> = lines.take_while(|line| line.starts_with('|')).map(str::to_owned).collect();
    assert!(rows.len() > 2, "README.md: no table that begins with {head}");
    rows.into_iter().filter(|row| !row.starts_with("|---")).collect()
}

/// The cells of a row.
#[must_use]
pub fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}
