//! What the phases answer. Later personalities and people read it.

use crate::answer::{Covers, Doable, Goal, Open};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// The context: the goal, and what is known.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Research {
    /// What the model said.
    pub answer: Option<Goal<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// Risks and why it goes on or stops.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Inspect {
    /// Computed.
    pub reason: String,
    /// Said by the model.
    pub risks: Vec<String>,
    /// What the model said.
    pub answer: Option<Doable<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// The requirements: what the later personalities get.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Generate {
    /// What must be true afterwards.
    pub requirements: Vec<String>,
    /// What must stay as it is, or limits the way.
    pub constraints: Vec<String>,
    /// How one sees that it is done.
    pub acceptance: Vec<String>,
    /// What is not asked for.
    pub out_of_scope: Vec<String>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// What is still open, and which requirements could be better.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Optimize {
    /// Computed: requirements with words that nobody can check.
    pub vague: Vec<String>,
    /// What the model said.
    pub answer: Option<Open<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// What the review saw.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Review {
    /// What the model said; the verdict follows from the gates.
    pub answer: Option<Covers<true>>,
    /// Whether its answer could be used.
    pub model: String,
}
