//! The skill `patch`: makes unified diffs that `git apply` accepts, and applies them to the workspace.
//!
//! `make` compares texts line by line; `apply` checks the whole diff before it writes anything, so that a diff that does not fit
//! changes nothing. Neither handles binary files, symbolic links or file modes.
//! Start reading at `make.rs` and `apply.rs`.

mod apply;
mod make;
mod mismatch;
mod paths;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use skep_sdk::prelude::*;

/// One file before and after.
#[derive(Debug, Clone, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    /// Path from the workspace's root.
    pub path: String,
    /// The text before. Left out: the file is new.
    pub original: Option<String>,
    /// The text after. Left out: the file as it is in the workspace now; if it is not there, it was deleted.
    pub modified: Option<String>,
}

/// A unified diff.
#[derive(Debug, Serialize, Schema)]
pub struct Made {
    /// In git's format; empty if nothing changed.
    pub diff: String,
    /// Paths that changed.
    pub changed: Vec<String>,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

/// What a diff did to one file.
#[derive(Debug, Clone, Serialize, Schema)]
pub struct Applied {
    /// Path from the workspace's root; after a rename the new one.
    pub path: String,
    /// What happened to it.
    pub change: Kind,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is new.
    Created,
    /// Its content changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another path, and perhaps other content.
    Renamed,
    /// There is a second one.
    Copied,
}

/// Make and apply unified diffs.
#[skill(capabilities(files(read_write, "compares files of the workspace and applies diffs to them")))]
mod patch {
    /// Make one unified diff in git's format of any number of files.
    #[tool(read_only)]
    fn make(
        /** The files to compare. */
        #[schema(min_items = 1)]
        changes: Vec<Change>,
        /** Unchanged lines around a change; left out: 3. */
        #[schema(maximum = 100)]
        context: Option<u8>,
    ) -> Result<Made> {
        make::make(&changes, context.unwrap_or(3).into())
    }

    /// Apply a unified diff to the files of the workspace: all of it, or nothing if any hunk does not fit.
    #[tool(destructive)]
    fn apply(
        /** A unified diff, with `diff --git` headers or without. */
        diff: String,
        /** Only check whether it fits. */
        #[serde(default, rename = "checkOnly")]
        check_only: bool,
    ) -> Result<Vec<Applied>> {
        apply::apply(&diff, check_only)
    }
}
