//! What is computed, and the deliverable: the same behaviour for less work.

use rigor::written::Change;
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Where the work is, before the change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// The functions that promise most, the most first, as `path:line: name: why`.
    pub hot: Vec<String>,
    /// Files with code that were measured.
    pub measured: u32,
    /// Tests of the project: they say what must not change.
    pub tests: Vec<String>,
}

/// What one file costs, read from its text: an estimate that two versions of the same code can be compared by, and no time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Cost {
    /// From the project's root.
    pub path: String,
    /// Loops, four times as much for each loop around them, and what is expensive inside of them.
    pub work: u32,
    /// Branches and lines of code.
    pub size: u32,
    /// The deepest nesting of loops.
    pub depth: u32,
    /// The longest function, in lines.
    pub longest: u32,
    /// What is expensive and repeated, as `path:line: what`.
    pub repeated: Vec<String>,
}

/// One file before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Compared {
    /// Before the task.
    pub before: Cost,
    /// As written.
    pub after: Cost,
    /// Public names that do not work any more.
    pub broken: Vec<String>,
}

/// The deliverable.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Optimized {
    /// What is cheaper now, in one sentence.
    pub summary: String,
    /// Each file that was written.
    pub changes: Vec<Change>,
    /// Files that an earlier round changed and that are now as they were before the task.
    #[serde(default)]
    pub restored: Vec<String>,
    /// Each changed file before and after.
    pub compared: Vec<Compared>,
    /// Tests that the model wanted to change and that were left alone.
    pub tests_refused: Vec<String>,
    /// Edits of the model that could not be made, and why.
    pub unused: Vec<String>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// The sum over all changed files.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// Before the task.
    pub work_before: u32,
    /// Now.
    pub work_after: u32,
    /// Before the task.
    pub size_before: u32,
    /// Now.
    pub size_after: u32,
}
