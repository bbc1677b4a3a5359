//! What every phase is told: the `brief` of `guest.wit`.

use super::gate::Gate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the task is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// The words of the person who asked.
    pub task: String,
    /// `demo` to `production`.
    pub scope: String,
    /// From 1.
    pub round: u32,
    /// Paths of the workspace, sorted, at most 500.
    pub files: Vec<String>,
    /// Outcomes of the personalities before this one.
    pub earlier: Vec<Contribution>,
    /// The gates that sent the work back: the host's, and those of the personalities as `PERSONALITY: NAME`.
    pub findings: Vec<Gate>,
}

/// The generate phase's `details` of an earlier personality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Who.
    pub personality: String,
    /// What it made.
    pub details: Value,
}
