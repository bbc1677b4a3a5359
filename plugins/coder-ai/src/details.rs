//! What is computed, and the deliverable. tester-ai verifies `Changed::changes`; people read the summary.

use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Where the change may be.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// The files that the task, the plan and a search point to, the likeliest first.
    pub candidates: Vec<String>,
}

/// The change.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Changed {
    /// What the change does, in one sentence: the summary of the task.
    pub summary: String,
    /// Each file that was written.
    pub changes: Vec<rigor::written::Change>,
    /// Files that an earlier round changed and that are now as they were before the task.
    #[serde(default)]
    pub restored: Vec<String>,
    /// Edits of the model that could not be made, and why.
    pub unused: Vec<String>,
    /// Files that the model saw.
    pub read: Vec<String>,
    /// True if nothing had to be changed: security-ai found nothing to mend.
    #[serde(default)]
    pub needless: bool,
    /// The failed checks of the round before, which this change answers.
    pub findings: Vec<String>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// How large the change is.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// In all files.
    pub lines_added: u32,
    /// In all files.
    pub lines_removed: u32,
}
