//! What is computed, and the deliverable: what was written to run the project.

use rigor::written::Change;
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// What the project's files say about running it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// `make TARGET`, `npm run SCRIPT`, `docker compose SERVICE`: each command that the project defines.
    pub commands: Vec<String>,
    /// Shell scripts of the project.
    pub scripts: Vec<String>,
    /// Ports that the project's settings name.
    pub ports: Vec<Port>,
    /// Paths that answer whether it is well, as `path:line: text`.
    pub health: Vec<String>,
    /// Documents about running it that exist already.
    pub runbooks: Vec<String>,
    /// Where it keeps what must not be lost: volumes, database files.
    pub state: Vec<String>,
}

/// A port and where it is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Port {
    /// The number.
    pub port: u32,
    /// `path:line`.
    pub place: String,
}

/// The deliverable.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Operated {
    /// What is there now, in one sentence.
    pub summary: String,
    /// Each file that was written.
    pub changes: Vec<Change>,
    /// Files that an earlier round changed and that are now as they were before the task.
    #[serde(default)]
    pub restored: Vec<String>,
    /// Edits of the model that could not be made, and why.
    pub unused: Vec<String>,
    /// True if the runbook was put together from the facts, since the model gave none that can be used.
    pub computed: bool,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// What the documents speak of, and what they leave out.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// Documents that were written.
    pub runbooks: u32,
    /// Scripts that were written.
    pub scripts: u32,
    /// Commands of the project that no document names.
    pub unnamed: Vec<String>,
}
