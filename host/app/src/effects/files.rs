//! `files`: the task's workspace. Rows and blobs are the truth; a write commits with its entry.

use super::host::{Halt, Performed};
use super::live::Live;
use super::recorded::fetch;
use crate::ports::workspaces::WorkspaceFile;
use bytes::Bytes;
use domain::effect::files::{FileEntry, FilesCall, MatchLine, check_path};
use domain::effect::{CallError, ErrorKind, Reply, bounded};
use domain::journal::{LocalEffect, REPLY_LIMIT};
use std::collections::BTreeMap;

/// Most files of a workspace.
const FILES_LIMIT: usize = 20_000;
/// Longest line of a match in bytes.
const LINE_LIMIT: usize = 400;
/// Most matches of a search.
const MATCHES_LIMIT: u32 = 1_000;
/// Compiled size of a search pattern: bounds memory, and with the `regex` crate time is linear anyway.
const PATTERN_LIMIT: usize = 1 << 20;

pub(super) async fn perform(live: &Live, call: &FilesCall) -> Result<Performed, Halt> {
    let attempt = &live.host.attempt;
    let task = &attempt.task.new.id;
    let workspaces = &attempt.app.ports.workspaces;
    let checked = match call {
        FilesCall::Read { .. } | FilesCall::Write { .. } | FilesCall::Delete { .. } => {
            check_path(call.path())
        }
        // A folder may be written with a slash at its end, and the root as nothing.
        FilesCall::List { .. } | FilesCall::Search { .. } if call.path().is_empty() => Ok(()),
        FilesCall::List { .. } | FilesCall::Search { .. } => check_path(call.path().trim_end_matches('/')),
    };
    if let Err(error) = checked {
        return Ok(Performed::error(error));
    }
    Ok(match call {
        FilesCall::Read { path } => match workspaces.find_file(task, path).await? {
            Some(file) if file.size > REPLY_LIMIT as u64 => Performed::error(too_large(path, file.size)),
            Some(file) => Performed::reply(Reply::Content(
                fetch(attempt.app.ports.blobs.as_ref(), file.blob).await?.to_vec(),
            )),
            None => Performed::error(missing(path)),
        },
        FilesCall::Write { path, content } => {
            if content.len() > REPLY_LIMIT {
                return Ok(Performed::error(too_large(path, content.len() as u64)));
            }
            if let Some(error) = collision(&workspaces.list_files(task, "").await?, path) {
                return Ok(Performed::error(error));
            }
            let blob = attempt.app.ports.blobs.put_blob(Bytes::from(content.clone())).await?;
            let effect = LocalEffect::PutFile { path: path.clone(), blob, size: content.len() as u64 };
            Performed::local(Reply::Unit, vec![effect])
        }
        FilesCall::Delete { path } => match workspaces.find_file(task, path).await? {
            Some(_) => Performed::local(Reply::Unit, vec![LocalEffect::DeleteFile { path: path.clone() }]),
            None => Performed::error(missing(path)),
        },
        FilesCall::List { path, recursive } => {
            let path = path.trim_end_matches('/');
            let files = workspaces.list_files(task, path).await?;
            if files.is_empty() && !path.is_empty() {
                return Ok(Performed::error(missing(path)));
            }
            Performed::reply(Reply::Entries(if *recursive { all(files) } else { children(&files, path) }))
        }
        FilesCall::Search { pattern, prefix, limit } => search(live, pattern, prefix, *limit).await?,
    })
}

/// A file cannot be where a folder is, nor below a file.
fn collision(files: &[WorkspaceFile], path: &str) -> Option<CallError> {
    let taken = |other: &&WorkspaceFile| {
        let (long, short) = if other.path.len() > path.len() {
            (other.path.as_str(), path)
        } else {
            (path, other.path.as_str())
        };
        long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'))
    };
    if let Some(other) = files.iter().find(taken) {
        let message = format!("{path:?} cannot be a file: {:?} is one already", other.path);
        return Some(CallError::new(ErrorKind::Conflict, "path", message));
    }
    (files.len() >= FILES_LIMIT && !files.iter().any(|file| file.path == path)).then(|| {
        CallError::new(
            ErrorKind::Exhausted,
            "files",
            format!("the workspace has its limit of {FILES_LIMIT} files"),
        )
    })
}

fn all(files: Vec<WorkspaceFile>) -> Vec<FileEntry> {
    files.into_iter().map(|file| FileEntry { path: file.path, folder: false, size: file.size }).collect()
}

fn children(files: &[WorkspaceFile], path: &str) -> Vec<FileEntry> {
    let mut entries: BTreeMap<String, FileEntry> = BTreeMap::new();
    for file in files {
        let rest = if path.is_empty() {
            Some(file.path.as_str())
        } else {
            file.path.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'))
        };
        let Some(rest) = rest else { continue };
        let (name, folder) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
        let full = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let size = if folder { 0 } else { file.size };
        entries.entry(full.clone()).or_insert(FileEntry { path: full, folder, size });
    }
    entries.into_values().collect()
}

async fn search(live: &Live, pattern: &str, prefix: &str, limit: u32) -> Result<Performed, Halt> {
    let attempt = &live.host.attempt;
    let expression = match regex::RegexBuilder::new(pattern).size_limit(PATTERN_LIMIT).build() {
        Ok(expression) => expression,
        Err(error) => {
            let message = format!("pattern {pattern:?} is not a regular expression: {error}");
            return Ok(Performed::error(CallError::new(ErrorKind::InvalidInput, "pattern", message)));
        }
    };
    if !(1..=MATCHES_LIMIT).contains(&limit) {
        let message = format!("limit {limit} is refused: 1 to {MATCHES_LIMIT} are allowed");
        return Ok(Performed::error(CallError::new(ErrorKind::InvalidInput, "limit", message)));
    }
    let mut matches = Vec::new();
    for file in
        attempt.app.ports.workspaces.list_files(&attempt.task.new.id, prefix.trim_end_matches('/')).await?
    {
        let content = fetch(attempt.app.ports.blobs.as_ref(), file.blob).await?;
        // Binary files have no lines.
        let Ok(text) = std::str::from_utf8(&content) else { continue };
        for (index, line) in text.lines().enumerate() {
            if expression.is_match(line) {
                let line_number = u32::try_from(index + 1).unwrap_or(u32::MAX);
                matches.push(MatchLine {
                    path: file.path.clone(),
                    line: line_number,
                    text: bounded(line.to_owned(), LINE_LIMIT),
                });
                if matches.len() >= limit as usize {
                    return Ok(Performed::reply(Reply::Matches(matches)));
                }
            }
        }
    }
    Ok(Performed::reply(Reply::Matches(matches)))
}

fn missing(path: &str) -> CallError {
    CallError::new(ErrorKind::NotFound, "path", format!("{path:?} is not in the workspace"))
}

fn too_large(path: &str, size: u64) -> CallError {
    CallError::new(
        ErrorKind::TooLarge,
        "size",
        format!("{path:?} has {size} bytes, more than the limit of {REPLY_LIMIT}"),
    )
}
