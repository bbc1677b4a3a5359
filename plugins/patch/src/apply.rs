//! Applying a diff: read and check everything, then write.

use std::collections::BTreeMap;

use diffy::Patch;
use diffy::patch_set::{FileOperation, ParseOptions, PatchKind, PatchSet};
use skep_sdk::prelude::*;

use crate::make::count;
use crate::mismatch::explain;
use crate::{Applied, Kind};

pub(crate) fn apply(diff: &str, check_only: bool) -> Result<Vec<Applied>> {
    let git = diff.lines().any(|line| line.starts_with("diff --git "));
    let options = if git { ParseOptions::gitdiff() } else { ParseOptions::unidiff() };
    let mut workspace = Changed::default();
    let mut applied = Vec::new();
    let mut mismatches = Vec::new();
    for file in PatchSet::parse(diff, options) {
        let file = file.map_err(|error| {
            Error::invalid_input(format!("this is not a unified diff: {error}")).code("malformed-diff")
        })?;
        let PatchKind::Text(patch) = file.patch() else {
            return Err(Error::invalid_input("the diff has a binary file; only text can be applied")
                .code("binary-diff"));
        };
        let prefixed = git || has_prefixes(file.operation());
        let operation = if prefixed { file.operation().strip_prefix(1) } else { file.operation().clone() };
        let step = Step::of(&operation);
        match step.run(patch, &mut workspace)? {
            Ok(()) => {
                let (added, removed) = count(patch)?;
                applied.push(Applied { path: step.path.to_owned(), change: step.kind, added, removed });
            }
            Err(mismatch) => mismatches.push(mismatch),
        }
    }
    if applied.is_empty() && mismatches.is_empty() {
        return Err(Error::invalid_input("the diff has no files").code("malformed-diff"));
    }
    if !mismatches.is_empty() {
        let message = format!("the diff does not fit, nothing was changed. {}", mismatches.join(" "));
        return Err(Error::conflict(message).code("patch-mismatch"));
    }
    if !check_only {
        workspace.write()?;
    }
    Ok(applied)
}

/// `a/` and `b/`, which a plain unified diff may have too.
fn has_prefixes(operation: &FileOperation<'_, str>) -> bool {
    match operation {
        FileOperation::Modify { original, modified } => {
            original.starts_with("a/") && modified.starts_with("b/")
        }
        FileOperation::Create(path) => path.starts_with("b/"),
        FileOperation::Delete(path) => path.starts_with("a/"),
        FileOperation::Rename { .. } | FileOperation::Copy { .. } => true,
    }
}

/// One file of the diff.
struct Step<'diff> {
    /// Where the text comes from; none for a new file.
    source: Option<&'diff str>,
    /// Where it goes, or which file goes.
    path: &'diff str,
    kind: Kind,
}

impl<'diff> Step<'diff> {
    fn of(operation: &'diff FileOperation<'_, str>) -> Self {
        match operation {
            FileOperation::Create(path) => Self { source: None, path, kind: Kind::Created },
            FileOperation::Delete(path) => Self { source: Some(path), path, kind: Kind::Deleted },
            FileOperation::Modify { original, modified } if original == modified => {
                Self { source: Some(original), path: modified, kind: Kind::Modified }
            }
            FileOperation::Modify { original: from, modified: to } | FileOperation::Rename { from, to } => {
                Self { source: Some(from), path: to, kind: Kind::Renamed }
            }
            FileOperation::Copy { from, to } => Self { source: Some(from), path: to, kind: Kind::Copied },
        }
    }

    /// The inner error says why the diff does not fit.
    fn run(&self, patch: &Patch<'_, str>, workspace: &mut Changed) -> Result<Result<(), String>> {
        let before = match self.source {
            None => String::new(),
            Some(path) => match workspace.read(path)? {
                Some(text) => text,
                None => return Ok(Err(format!("`{path}` is not in the workspace."))),
            },
        };
        let moves = matches!(self.kind, Kind::Created | Kind::Renamed | Kind::Copied);
        if moves && workspace.read(self.path)?.is_some() {
            return Ok(Err(format!("`{}` exists already.", self.path)));
        }
        let Ok(after) = diffy::apply(&before, patch) else {
            return Ok(Err(explain(self.source.unwrap_or(self.path), &before, patch)));
        };
        match self.kind {
            Kind::Deleted if !after.is_empty() => {
                return Ok(Err(format!("`{}` has lines that the diff does not delete.", self.path)));
            }
            Kind::Deleted => workspace.set(self.path, None),
            Kind::Renamed => {
                workspace.set(self.source.unwrap_or(self.path), None);
                workspace.set(self.path, Some(after));
            }
            Kind::Created | Kind::Modified | Kind::Copied => workspace.set(self.path, Some(after)),
        }
        Ok(Ok(()))
    }
}

/// The workspace with what has been applied so far; a diff may touch a file twice.
#[derive(Default)]
struct Changed(BTreeMap<String, Option<String>>);

impl Changed {
    fn read(&self, path: &str) -> Result<Option<String>> {
        match self.0.get(path) {
            Some(text) => Ok(text.clone()),
            None => files::read_text_if_exists(path),
        }
    }

    fn set(&mut self, path: &str, text: Option<String>) {
        self.0.insert(path.to_owned(), text);
    }

    fn write(&self) -> Result<()> {
        for (path, text) in &self.0 {
            match text {
                Some(text) => files::write(path, text)?,
                None => files::delete(path)?,
            }
        }
        Ok(())
    }
}
