//! What is computed, and the deliverable. Later personalities and people read it.

use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Where the work may be.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// `path:line: text` of lines that have what the task names.
    pub places: Vec<String>,
}

/// The design: what the later personalities get.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Design {
    /// Files to change or make.
    pub files: Vec<File>,
    /// Functions, types, formats or commands where parts meet.
    pub interfaces: Vec<String>,
    /// Computed: files of the model's answer that no change may have, and why.
    pub refused: Vec<String>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct File {
    /// From the project's root.
    pub path: String,
    /// Computed: `modify` or `create`.
    pub change: String,
    /// What changes in it, or what it is for.
    pub purpose: String,
}

/// How much changes.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// Existing files that change.
    pub changed: u32,
    /// Files that are made.
    pub created: u32,
}
