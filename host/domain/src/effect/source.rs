//! Fetching a task's git `source` into its workspace.

use serde::{Deserialize, Serialize};

/// Clone this, shallow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRequest {
    /// `https://`, or `http://` and `file://` where the policy allows.
    pub url: String,
    /// A branch or tag; the default branch when none.
    pub reference: Option<String>,
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The commit, 40 hex digits.
    pub commit: String,
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}
