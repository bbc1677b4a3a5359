//! What is computed, and the deliverable: images, manifests and pipelines.

use rigor::written::Change;
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// What the project has of a platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// Files of the platform, by kind.
    pub files: Vec<File>,
    /// Commands that a pipeline may call.
    pub commands: Vec<String>,
    /// What is wrong with the files that were there before, as `path:line: gate: problem`; at most 60.
    pub problems: Vec<String>,
    /// Languages of the project, by the endings of its files, the most used first.
    pub languages: Vec<String>,
}

/// A file of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct File {
    /// From the project's root.
    pub path: String,
    /// `image`, `compose`, `pipeline`, `manifest` or `settings`.
    pub kind: String,
}

/// The deliverable.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Platform {
    /// What is there now, in one sentence.
    pub summary: String,
    /// Each file that was written.
    pub changes: Vec<Change>,
    /// Files that an earlier round changed and that are now as they were before the task.
    #[serde(default)]
    pub restored: Vec<String>,
    /// Edits of the model that could not be made, and why.
    pub unused: Vec<String>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// How much was wrong before and is now.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// In all files of the platform, before.
    pub problems_before: u32,
    /// In all files of the platform, now.
    pub problems_now: u32,
}
