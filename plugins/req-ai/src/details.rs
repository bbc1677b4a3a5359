//! The deliverable, and what is computed about it. Later personalities and people read it.

use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// The requirements: what the later personalities get.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Required {
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

/// Which requirements could be better.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// Requirements with words that nobody can check.
    pub vague: Vec<String>,
}
