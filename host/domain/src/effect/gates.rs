//! Computing the gates of a round over the workspace.

use crate::rigor::gate::Gate;
use serde::{Deserialize, Serialize};

/// Compute the gates over what the workspace holds now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatesRequest {
    /// From 1.
    pub round: u32,
}

/// How a file of the workspace changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Added,
    /// Other content.
    Modified,
    /// It is gone.
    Deleted,
}

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// From the workspace root.
    pub path: String,
    /// How.
    pub change: Change,
}

/// What the host computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatesReport {
    /// Every gate that the host can compute.
    pub gates: Vec<Gate>,
    /// The changed files, sorted by path.
    pub files: Vec<ChangedFile>,
    /// One unified diff that `git apply` takes; empty when nothing changed.
    pub diff: String,
}
