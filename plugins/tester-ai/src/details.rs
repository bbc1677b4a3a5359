//! What is computed, and the deliverable. People read it beside the gates.

use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// What there is to verify, from the brief and the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// Who says that it wrote files: coder-ai, or the makers of other lines.
    pub maker: String,
    /// True if they say that nothing had to be changed.
    #[serde(default)]
    pub needless: bool,
    /// What they say it does.
    pub summary: String,
    /// What they say they wrote.
    pub changed: Vec<Changed>,
    /// Files that they say are again as they were before the task.
    pub restored: Vec<String>,
    /// Test files of the project that are about the changed files, by name or by content.
    pub tests: Vec<String>,
}

/// A file that was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Changed {
    /// From the project's root.
    pub path: String,
    /// Lowercase hex, as reported.
    pub sha256: String,
    /// `modify` or `create`, as reported.
    pub change: String,
    /// The round in which it was written, as reported.
    pub round: u32,
}

/// How to verify and to undo the change.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Verified {
    /// What one does and what one must see then; said by the model.
    pub tests: Vec<String>,
    /// How the change is undone.
    pub rollback: String,
    /// Computed: `name: status, evidence` of each check.
    pub gates: Vec<String>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// What need not be tested anew.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// Test files that are about the changed files.
    pub existing_tests: Vec<String>,
}
