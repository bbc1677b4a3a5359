//! The details of four phases, alike for all personalities: what was computed stands beside what the model said. The details of
//! generate are the deliverable, which each personality words itself.

use serde::{Deserialize, Serialize};
use skep_sdk::schema::Schema;

/// Details of research.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub struct Research<Facts, Answer> {
    /// Computed before anything was asked.
    pub facts: Facts,
    /// What the model said.
    pub answer: Option<Answer>,
    /// Whether its answer could be used.
    pub model: String,
}

/// Details of inspect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub struct Inspect<Answer> {
    /// Computed: why it goes on or stops.
    pub reason: String,
    /// What the model said; the decision follows from the gates.
    pub answer: Option<Answer>,
    /// Whether its answer could be used.
    pub model: String,
}

/// Details of optimize.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub struct Optimize<Measures, Answer> {
    /// Computed about the deliverable.
    pub measures: Measures,
    /// What the model said.
    pub answer: Option<Answer>,
    /// Whether its answer could be used.
    pub model: String,
}

/// Details of review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
pub struct Review<Answer> {
    /// Computed: which checks failed.
    pub reason: String,
    /// What the model said; the verdict follows from the gates.
    pub answer: Option<Answer>,
    /// Whether its answer could be used.
    pub model: String,
}

/// Where nothing is computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Nothing {}
