//! What is computed, and the deliverable: coder-ai reads `mend` and `findings`.

use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// What the scan found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// The worst first, at most 100.
    pub findings: Vec<Finding>,
    /// Findings beyond these.
    pub omitted: u32,
    /// Lines that were looked at because something in them is worth a look.
    pub lines: u32,
    /// Why the scan is not whole; empty if it is.
    pub incomplete: String,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Finding {
    /// The name of the pattern.
    pub rule: String,
    /// `secret` or `code`.
    pub kind: String,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: String,
    /// From the project's root.
    pub path: String,
    /// From 1.
    pub line: u32,
    /// What stands there; secrets are masked.
    pub evidence: String,
    /// What to do about it.
    pub advice: String,
}

/// The security review.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Reviewed {
    /// Computed: `go`, or `no-go` while a finding stands that the scope does not allow.
    pub decision: String,
    /// Computed.
    pub findings: Vec<Finding>,
    /// What has to be mended, one line each, for those who change files.
    pub mend: Vec<String>,
    /// How; said by the model.
    pub fixes: Vec<Fix>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// How one file is mended.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Fix {
    /// One of the files with a finding.
    pub path: String,
    /// In one sentence.
    pub fix: String,
}

/// How much was found.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// Of all findings.
    pub critical: u32,
    /// Of all findings.
    pub high: u32,
    /// Of all findings.
    pub medium: u32,
    /// Of all findings.
    pub low: u32,
    /// Files with a finding for which the model says no fix.
    pub without_fix: Vec<String>,
}
