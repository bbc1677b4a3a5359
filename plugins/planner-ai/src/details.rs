//! What the phases answer. Later personalities and people read it.

use rigor::Risks;
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

use crate::answer::{Approach, Leaner, Missing};

/// How to go about it, and where.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Research {
    /// Computed: files that the words of the task and the requirements point to.
    pub likely_files: Vec<String>,
    /// What the model said.
    pub answer: Option<Approach<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// Risks of the plan.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Inspect {
    /// Computed.
    pub reason: String,
    /// What the model said.
    pub answer: Option<Risks<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// The plan: what the later personalities get.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Generate {
    /// In order.
    pub steps: Vec<Step>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Step {
    /// What to do.
    #[serde(rename = "do")]
    pub what: String,
    /// Files that it touches; plain paths only.
    pub files: Vec<String>,
    /// Computed: those of them that do not exist yet.
    pub new_files: Vec<String>,
}

/// How much the plan touches.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Optimize {
    /// Computed: every file of the plan, once.
    pub touched: Vec<String>,
    /// What the model said.
    pub answer: Option<Leaner<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// What the review saw.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Review {
    /// What the model said; the verdict follows from the gates.
    pub answer: Option<Missing<true>>,
    /// Whether its answer could be used.
    pub model: String,
}
