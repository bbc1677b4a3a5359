//! The workspace: calls, entries, and what a path may look like.

use super::{CallError, EffectClass, ErrorKind, summary};
use crate::canonical::{Canonical, Encoder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A call of the interface `files`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesCall {
    /// The content of a file.
    Read {
        /// From the workspace root.
        path: String,
    },
    /// Replace a whole file.
    Write {
        /// From the workspace root.
        path: String,
        /// The new content.
        content: Vec<u8>,
    },
    /// Remove a file.
    Delete {
        /// From the workspace root.
        path: String,
    },
    /// Entries of a folder.
    List {
        /// `""` is the root.
        path: String,
        /// All files below it.
        recursive: bool,
    },
    /// Lines that match.
    Search {
        /// A regular expression.
        pattern: String,
        /// Of the path.
        prefix: String,
        /// 1 to 1,000.
        limit: u32,
    },
}

impl FilesCall {
    /// `interface.function`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Read { .. } => "files.read",
            Self::Write { .. } => "files.write",
            Self::Delete { .. } => "files.delete",
            Self::List { .. } => "files.list",
            Self::Search { .. } => "files.search",
        }
    }

    /// Writes are local, the rest reads.
    #[must_use]
    pub fn class(&self) -> EffectClass {
        if self.writes() { EffectClass::Local } else { EffectClass::Read }
    }

    /// Whether it changes the workspace.
    #[must_use]
    pub fn writes(&self) -> bool {
        matches!(self, Self::Write { .. } | Self::Delete { .. })
    }

    /// The path that must be granted.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Read { path }
            | Self::Write { path, .. }
            | Self::Delete { path }
            | Self::List { path, .. } => path,
            Self::Search { prefix, .. } => prefix,
        }
    }

    /// For people.
    #[must_use]
    pub fn describe(&self) -> Value {
        match self {
            Self::Read { path } | Self::Delete { path } => json!({ "path": path }),
            Self::Write { path, content } => json!({ "path": path, "content": summary(content) }),
            Self::List { path, recursive } => json!({ "path": path, "recursive": recursive }),
            Self::Search { pattern, prefix, limit } => {
                json!({ "pattern": pattern, "prefix": prefix, "limit": limit })
            }
        }
    }
}

impl Canonical for FilesCall {
    fn encode(&self, encoder: &mut Encoder) {
        match self {
            Self::Read { path } | Self::Delete { path } => encoder.text(path),
            Self::Write { path, content } => {
                encoder.text(path);
                encoder.bytes(content);
            }
            Self::List { path, recursive } => {
                encoder.text(path);
                encoder.flag(*recursive);
            }
            Self::Search { pattern, prefix, limit } => {
                encoder.text(pattern);
                encoder.text(prefix);
                encoder.number((*limit).into());
            }
        }
    }
}

/// A file or folder of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// From the root.
    pub path: String,
    /// Not a file.
    pub folder: bool,
    /// Bytes.
    pub size: u64,
}

/// A line that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchLine {
    /// Which file.
    pub path: String,
    /// From 1.
    pub line: u32,
    /// Cut at 400 bytes.
    pub text: String,
}

/// Longest path in bytes: what common file systems take.
const PATH_LIMIT: usize = 1024;
/// Longest part of a path in bytes: what common file systems take.
const PART_LIMIT: usize = 255;

/// Check a path from a plugin or a person: relative, `/`-separated, no empty, `.` or `..` part, no control characters, no backslash.
///
/// # Errors
/// `invalid-input` naming the path and the rule.
pub fn check_path(path: &str) -> Result<(), CallError> {
    let wrong = |rule: &str| {
        Err(CallError::new(
            ErrorKind::InvalidInput,
            "path",
            format!("path {:?} {rule}", super::bounded(path.to_owned(), 200)),
        ))
    };
    if path.is_empty() {
        return wrong("is empty");
    }
    if path.len() > PATH_LIMIT {
        return wrong("is longer than 1,024 bytes");
    }
    if path.starts_with('/') {
        return wrong("is absolute; give it from the workspace root");
    }
    if path.chars().any(|character| character.is_control() || character == '\\') {
        return wrong("has a control character or a backslash");
    }
    for part in path.split('/') {
        match part {
            "" => return wrong("has an empty part"),
            "." | ".." => return wrong("has a part `.` or `..`"),
            _ if part.len() > PART_LIMIT => return wrong("has a part longer than 255 bytes"),
            _ => {}
        }
    }
    if path.as_bytes().get(1) == Some(&b':') {
        return wrong("begins with a drive letter");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_path;

    #[test]
    fn only_plain_relative_paths_pass() {
        for path in ["a", "src/main.py", "a b/ü.txt", ".github/x", "..a/b", "a/..b"] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
        for path in [
            "",
            "/a",
            "a//b",
            "a/",
            "../a",
            "a/../b",
            "./a",
            "a/.",
            "a\\b",
            "a\0b",
            "C:/a",
            "a\nb",
            &"x".repeat(256),
            &"a/".repeat(600),
        ] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }
}
