//! What the phases answer. People read it beside the gates.

use rigor::Risks;
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

use crate::answer::{Cheaper, Ideas, Remark};

/// Computed from the brief and the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// Whether coder-ai took part.
    pub coder: bool,
    /// What it says it does.
    pub summary: String,
    /// What it says it wrote.
    pub changed: Vec<Changed>,
    /// Test files of the project that are about the changed files, by name or by content.
    pub tests: Vec<String>,
}

/// A file that coder-ai reported.
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

/// What there is to verify.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Research {
    /// Computed.
    pub facts: Facts,
    /// What the model said.
    pub answer: Option<Ideas<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// Risks of the change.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Inspect {
    /// Computed.
    pub reason: String,
    /// What the model said.
    pub answer: Option<Risks<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// How to verify and to undo the change.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Generate {
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
pub struct Optimize {
    /// Computed: test files that are about the changed files.
    pub existing_tests: Vec<String>,
    /// What the model said.
    pub answer: Option<Cheaper<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// What the review saw.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Review {
    /// Computed: which checks failed.
    pub reason: String,
    /// What the model said; the verdict follows from the gates.
    pub answer: Option<Remark<true>>,
    /// Whether its answer could be used.
    pub model: String,
}
