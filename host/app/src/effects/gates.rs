//! Computing gates over a workspace: each check is a file, made by the host from bytes, never from what a model said.

mod diff;
mod parses;
mod secrets;

use super::host::{Halt, Performed};
use super::live::Live;
use super::recorded::fetch;
use crate::ports::store_error::StoreError;
use crate::ports::workspaces::WorkspaceFile;
use bytes::Bytes;
use domain::effect::Reply;
use domain::effect::files::check_path;
use domain::effect::gates::{Change, ChangedFile, GatesReport, GatesRequest};
use domain::rigor::gate::{self, Gate, GateStatus};
use std::collections::BTreeMap;

/// Most files that a task may change.
const CHANGED_FILES_LIMIT: usize = 200;
/// Most bytes of the diff.
const DIFF_LIMIT: usize = 1 << 20;

/// A file before and after.
pub(super) struct ChangedContent {
    pub(super) path: String,
    pub(super) before: Option<Bytes>,
    pub(super) after: Option<Bytes>,
}

impl ChangedContent {
    fn change(&self) -> Change {
        match (&self.before, &self.after) {
            (None, _) => Change::Added,
            (_, None) => Change::Deleted,
            _ => Change::Modified,
        }
    }
}

pub(super) async fn check(live: &Live, request: &GatesRequest) -> Result<Performed, Halt> {
    let changed = changed_files(live).await?;
    let diff = diff::unified(&changed);
    let gates = vec![
        diff::gate(&changed, &diff),
        inside_workspace(&changed),
        size(&changed, &diff),
        secrets::gate(&changed),
        schema(&request.schema_violations),
        parses::gate(&changed),
        changes(&changed),
        Gate {
            name: gate::TESTS_PASS.to_owned(),
            status: GateStatus::NotRun,
            evidence: "this host has no sandboxed interpreter for the project's tests".to_owned(),
        },
    ];
    let files =
        changed.iter().map(|file| ChangedFile { path: file.path.clone(), change: file.change() }).collect();
    Ok(Performed::reply(Reply::Gates(GatesReport { gates, files, diff: diff.text })))
}

/// Files whose content differs from the base, sorted by path.
async fn changed_files(live: &Live) -> Result<Vec<ChangedContent>, StoreError> {
    let attempt = &live.host.attempt;
    let (task, ports) = (&attempt.task.new.id, &attempt.app.ports);
    let before = by_path(ports.workspaces.list_base(task).await?);
    let after = by_path(ports.workspaces.list_files(task, "").await?);
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut changed = Vec::new();
    for path in paths {
        let (old, new) = (before.get(path), after.get(path));
        if old.map(|file| file.blob) == new.map(|file| file.blob) {
            continue;
        }
        let content = async |file: Option<&WorkspaceFile>| match file {
            Some(file) => fetch(ports.blobs.as_ref(), file.blob).await.map(Some),
            None => Ok(None),
        };
        changed.push(ChangedContent {
            path: path.clone(),
            before: content(old).await?,
            after: content(new).await?,
        });
    }
    Ok(changed)
}

fn by_path(files: Vec<WorkspaceFile>) -> BTreeMap<String, WorkspaceFile> {
    files.into_iter().map(|file| (file.path.clone(), file)).collect()
}

/// A gate from the problems that a check found.
fn judged(name: &str, problems: &[String], good: String) -> Gate {
    let (status, evidence) = if problems.is_empty() {
        (GateStatus::Passed, good)
    } else {
        (GateStatus::Failed, domain::effect::bounded(problems.join("; "), 2000))
    };
    Gate { name: name.to_owned(), status, evidence }
}

fn inside_workspace(changed: &[ChangedContent]) -> Gate {
    let problems: Vec<String> =
        changed.iter().filter_map(|file| check_path(&file.path).err()).map(|error| error.message).collect();
    judged(
        gate::INSIDE_WORKSPACE,
        &problems,
        format!("{} changed path(s) are plain paths of the workspace", changed.len()),
    )
}

fn size(changed: &[ChangedContent], diff: &diff::Unified) -> Gate {
    let mut problems = Vec::new();
    if changed.len() > CHANGED_FILES_LIMIT {
        problems.push(format!("{} files changed, more than {CHANGED_FILES_LIMIT}", changed.len()));
    }
    if diff.text.len() > DIFF_LIMIT {
        problems.push(format!("the diff has {} bytes, more than {DIFF_LIMIT}", diff.text.len()));
    }
    judged(gate::SIZE, &problems, format!("{} file(s), {} bytes of diff", changed.len(), diff.text.len()))
}

fn schema(violations: &[String]) -> Gate {
    judged(gate::SCHEMA, violations, "every phase's output fits its schema".to_owned())
}

fn changes(changed: &[ChangedContent]) -> Gate {
    let problems = if changed.is_empty() { vec!["no file was changed".to_owned()] } else { Vec::new() };
    judged(gate::CHANGES, &problems, format!("{} file(s) changed", changed.len()))
}

#[cfg(test)]
mod tests;
