//! What is computed, and the deliverable: what changes for those who use the project, and how they get along.

use rigor::api::Item;
use rigor::written::Change;
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// What the project offers and uses before the change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Facts {
    /// The public names of each source file as they were before the task.
    pub offered: Vec<Offered>,
    /// The manifests as they were before the task.
    pub manifests: Vec<Manifest>,
    /// Manifests that cannot be read, and why.
    pub unreadable: Vec<String>,
    /// Source files beyond those that are compared.
    pub omitted: u32,
}

/// The public names of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Offered {
    /// From the project's root.
    pub path: String,
    /// Its public names.
    pub items: Vec<Item>,
}

/// One manifest: Cargo.toml, package.json, pyproject.toml, requirements.txt or go.mod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Manifest {
    /// From the project's root.
    pub path: String,
    /// The version of the project; none where the manifest says none.
    pub version: Option<String>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Which versions fit, as it stands there; empty if any does.
    pub requirement: String,
}

/// The deliverable.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Evolved {
    /// What is different, in one sentence.
    pub summary: String,
    /// Each file that was written.
    pub changes: Vec<Change>,
    /// Files that an earlier round changed and that are now as they were before the task.
    #[serde(default)]
    pub restored: Vec<String>,
    /// Before the task, for the rounds that follow.
    pub before: Facts,
    /// Computed after the change.
    pub difference: Difference,
    /// Edits of the model that could not be made, and why.
    pub unused: Vec<String>,
    /// Whether the model's answer could be used.
    pub model: String,
}

/// What changes for users.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Difference {
    /// `path: name` of what is gone.
    pub removed: Vec<String>,
    /// `path: old -> new`.
    pub renamed: Vec<String>,
    /// `path: old -> new` of what is called otherwise now.
    pub changed: Vec<String>,
    /// `path: name` of what is new.
    pub added: Vec<String>,
    /// The old names that do not work any more.
    pub broken: Vec<String>,
    /// `name: old -> new` of dependencies; `none` where there was or is none.
    pub dependencies: Vec<String>,
    /// `major`, `minor`, `patch` or `none`: the step that the version has to make.
    pub step: String,
}

/// How much changes.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Measures {
    /// Public names that were compared.
    pub compared: u32,
    /// That do not work any more.
    pub broken: u32,
    /// That are new.
    pub added: u32,
}
