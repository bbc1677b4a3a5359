//! What the phases answer. tester-ai verifies `Generate::changes`; people read the summary.

use rigor::Risks;
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

use crate::answer::{Idea, Note, Remark};

/// Where the change will be.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Research {
    /// Computed: the files that the task, the plan and a search point to, the likeliest first.
    pub candidates: Vec<String>,
    /// What the model said.
    pub answer: Option<Idea<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// What is read, and what may go wrong.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Inspect {
    /// Computed.
    pub reason: String,
    /// Computed: the files that the model will see, in order.
    pub read: Vec<String>,
    /// What the model said.
    pub answer: Option<Risks<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// The change.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Generate {
    /// What the change does, in one sentence: the summary of the task.
    pub summary: String,
    /// Each file that was written.
    pub changes: Vec<Change>,
    /// Edits of the model that could not be made, and why.
    pub unused: Vec<String>,
    /// Files that the model saw.
    pub read: Vec<String>,
    /// The failed checks of the round before, which this change answers.
    pub findings: Vec<String>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Change {
    /// From the project's root.
    pub path: String,
    /// `modify` or `create`.
    pub change: String,
    /// Lowercase hex, of the content as written.
    pub sha256: String,
    /// Lines that are new.
    pub lines_added: u32,
    /// Lines that are gone.
    pub lines_removed: u32,
    /// How it was made.
    pub note: String,
    /// In which round.
    #[serde(default)]
    pub round: u32,
}

/// How large the change is.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Optimize {
    /// Computed.
    pub lines_added: u32,
    /// Computed.
    pub lines_removed: u32,
    /// What the model said.
    pub answer: Option<Note<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// What the review saw.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Review {
    /// What the model said; the verdict follows from the gates.
    pub answer: Option<Remark<true>>,
    /// Whether its answer could be used.
    pub model: String,
}
