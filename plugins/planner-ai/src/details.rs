//! What is computed, and the deliverable. Later personalities and people read it.

use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Where the work may be.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// Files that the words of the task and the requirements point to.
    pub likely_files: Vec<String>,
}

/// The plan: what the later personalities get.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Plan {
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
pub struct Measures {
    /// Every file of the plan, once.
    pub touched: Vec<String>,
}
