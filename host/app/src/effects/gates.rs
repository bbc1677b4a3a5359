//! Computing gates over a workspace: each check is a file, made by the host from bytes, never from what a model said.

mod diff;
mod parses;
mod schema;
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
use schema::Answer;
use std::collections::BTreeMap;
use tokio::sync::Semaphore;

/// Most files that a task may change.
const CHANGED_FILES_LIMIT: usize = 200;
/// Most bytes of the changed files, before and after together; more is not even read.
const CONTENT_LIMIT: u64 = 16 << 20;
/// Most bytes of the diff.
const DIFF_LIMIT: usize = 1 << 20;
/// Tasks whose gates are computed at the same time.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A file before and after.
pub(super) struct ChangedContent {
    pub(super) path: String,
    pub(super) before: Option<Bytes>,
    pub(super) after: Option<Bytes>,
}

pub(super) async fn check(live: &Live, _: &GatesRequest) -> Result<Performed, Halt> {
    let rows = changed_rows(live).await?;
    let answers = schema::answers(&live.host.attempt).await?;
    let files = rows.iter().map(ChangedRow::changed_file).collect();
    let problems = too_much(&rows);
    let content = if problems.is_empty() {
        Content::Read(contents(live, rows).await?)
    } else {
        Content::TooMuch { files: rows.len(), problems }
    };
    // The semaphore is never closed; without a permit the work is done all the same.
    let _permit = AT_ONCE.acquire().await.ok();
    // Bounded, but too long for a thread that others wait on.
    let (gates, diff) =
        tokio::task::spawn_blocking(move || looked_at(&content, &answers)).await.map_err(|error| {
            StoreError::Internal(format!("computing the gates of {} ended badly: {error}", live.address.task))
        })?;
    Ok(Performed::reply(Reply::Gates(GatesReport { gates, files, diff })))
}

/// What the checks look at.
enum Content {
    Read(Vec<ChangedContent>),
    /// More than is looked at.
    TooMuch {
        files: usize,
        problems: Vec<String>,
    },
}

/// All gates of the host, in order, and the diff.
fn looked_at(content: &Content, answers: &[Answer]) -> (Vec<Gate>, String) {
    let mut computed = vec![schema::gate(answers)];
    let diff = match content {
        Content::Read(changed) => {
            let unified = diff::unified(changed);
            computed.extend([
                diff::gate(changed, &unified),
                inside_workspace(changed),
                size(changed.len(), unified.bytes()),
                secrets::gate(changed),
                parses::gate(changed),
                changes(changed.len()),
            ]);
            unified.text()
        }
        Content::TooMuch { files, problems } => {
            computed.extend([judged(gate::SIZE, problems, String::new()), changes(*files)]);
            String::new()
        }
    };
    let found = |name: &str| computed.iter().find(|gate| gate.name == name).cloned();
    (gate::ALL.iter().map(|name| found(name).unwrap_or_else(|| not_run(name))).collect(), diff)
}

fn not_run(name: &str) -> Gate {
    let evidence = match name {
        gate::TESTS_PASS => "this host has no sandboxed interpreter for the project's tests",
        _ => "not looked at: too much has changed, see the gate size",
    };
    Gate { name: name.to_owned(), status: GateStatus::NotRun, evidence: evidence.to_owned() }
}

/// A file whose content differs from the base, as the rows say.
struct ChangedRow {
    path: String,
    before: Option<WorkspaceFile>,
    after: Option<WorkspaceFile>,
}

impl ChangedRow {
    fn bytes(&self) -> u64 {
        [&self.before, &self.after].into_iter().flatten().map(|file| file.size).sum()
    }

    fn changed_file(&self) -> ChangedFile {
        let change = match (&self.before, &self.after) {
            (None, _) => Change::Added,
            (_, None) => Change::Deleted,
            _ => Change::Modified,
        };
        ChangedFile { path: self.path.clone(), change }
    }
}

/// Files whose content differs from the base, sorted by path.
async fn changed_rows(live: &Live) -> Result<Vec<ChangedRow>, StoreError> {
    let attempt = &live.host.attempt;
    let (task, ports) = (&attempt.task.new.id, &attempt.app.ports);
    let mut before = by_path(ports.workspaces.list_base(task).await?);
    let mut after = by_path(ports.workspaces.list_files(task, "").await?);
    let mut paths: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    paths.sort_unstable();
    paths.dedup();
    let rows = paths.into_iter().map(|path| ChangedRow {
        before: before.remove(&path),
        after: after.remove(&path),
        path,
    });
    let blob = |file: &Option<WorkspaceFile>| file.as_ref().map(|file| file.blob);
    Ok(rows.filter(|row| blob(&row.before) != blob(&row.after)).collect())
}

/// Why the content is not even read.
fn too_much(rows: &[ChangedRow]) -> Vec<String> {
    let mut problems = Vec::new();
    if rows.len() > CHANGED_FILES_LIMIT {
        problems.push(format!("{} files changed, more than {CHANGED_FILES_LIMIT}", rows.len()));
    }
    let bytes: u64 = rows.iter().map(ChangedRow::bytes).sum();
    if bytes > CONTENT_LIMIT {
        problems.push(format!(
            "the changed files have {bytes} bytes before and after, more than {CONTENT_LIMIT}"
        ));
    }
    problems
}

async fn contents(live: &Live, rows: Vec<ChangedRow>) -> Result<Vec<ChangedContent>, StoreError> {
    let blobs = live.host.attempt.app.ports.blobs.as_ref();
    let content = async |file: Option<WorkspaceFile>| match file {
        Some(file) => fetch(blobs, file.blob).await.map(Some),
        None => Ok(None),
    };
    let mut changed = Vec::with_capacity(rows.len());
    for row in rows {
        let (before, after) = (content(row.before).await?, content(row.after).await?);
        changed.push(ChangedContent { path: row.path, before, after });
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

fn size(files: usize, diff: usize) -> Gate {
    let problems = if diff > DIFF_LIMIT {
        vec![format!("the diff has {diff} bytes, more than {DIFF_LIMIT}")]
    } else {
        Vec::new()
    };
    judged(gate::SIZE, &problems, format!("{files} file(s), {diff} bytes of diff"))
}

fn changes(files: usize) -> Gate {
    let problems = if files == 0 { vec!["no file was changed".to_owned()] } else { Vec::new() };
    judged(gate::CHANGES, &problems, format!("{files} file(s) changed"))
}

#[cfg(test)]
mod tests;
