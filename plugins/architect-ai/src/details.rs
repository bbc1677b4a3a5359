//! What the phases answer. Later personalities and people read it.

use rigor::Risks;
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

use crate::answer::{Parts, Simpler, Weakness};

/// The parts that the task concerns.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Research {
    /// Computed: `path:line: text` of lines that have what the task names.
    pub places: Vec<String>,
    /// What the model said.
    pub answer: Option<Parts<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// What may break.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Inspect {
    /// Computed.
    pub reason: String,
    /// What the model said.
    pub answer: Option<Risks<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// The design: what the later personalities get.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Generate {
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
pub struct Optimize {
    /// Computed: existing files that change.
    pub changed: u32,
    /// Computed: files that are made.
    pub created: u32,
    /// What the model said.
    pub answer: Option<Simpler<true>>,
    /// Whether its answer could be used.
    pub model: String,
}

/// What the review saw.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Review {
    /// What the model said; the verdict follows from the gates.
    pub answer: Option<Weakness<true>>,
    /// Whether its answer could be used.
    pub model: String,
}
