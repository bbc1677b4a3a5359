//! What is computed, and the deliverable: how the project stands against its rules.

use rigor::written::Change;
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// What the rules find.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// `governance.toml`, or `built in` where the project has none.
    pub policy: String,
    /// Dependencies whose licences are known.
    pub licences: Vec<Licence>,
    /// Dependencies whose licences no file of the project says, at most 100.
    pub unknown: Vec<String>,
    /// Each rule with what came of it.
    pub rules: Vec<Rule>,
    /// Files about governance that there are.
    pub files: Vec<String>,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Licence {
    /// Its name, with its version where that is known.
    pub dependency: String,
    /// As an SPDX expression.
    pub licence: String,
    /// The file that says so.
    pub source: String,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Rule {
    /// Such as `LIC-1`.
    pub id: String,
    /// What it asks for.
    pub text: String,
    /// Where the rule comes from.
    pub reference: String,
    /// `held`, `broken` or `not judged`.
    pub outcome: String,
    /// What was seen.
    pub evidence: String,
    /// True if breaking it ends the task before anything is made.
    pub stop: bool,
}

/// The deliverable.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Governed {
    /// What is there now, in one sentence.
    pub summary: String,
    /// Computed: `go`, or `no-go` while a rule is broken.
    pub decision: String,
    /// Each file that was written.
    pub changes: Vec<Change>,
    /// Files that an earlier round changed and that are now as they were before the task.
    #[serde(default)]
    pub restored: Vec<String>,
    /// Each rule with what came of it, after the change.
    pub rules: Vec<Rule>,
    /// Edits of the model that could not be made, and why.
    pub unused: Vec<String>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// How many rules hold.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// Now.
    pub held: u32,
    /// Now.
    pub broken: u32,
    /// Now.
    pub not_judged: u32,
    /// Before anything was written.
    pub broken_before: u32,
}
