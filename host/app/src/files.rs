//! `…/agents/{agent}/files/*`: an agent's lasting workspace. Paths are checked by the rules of a task's workspace and then name rows, so
//! none leads to a file of the host.

use crate::context::App;
use crate::ports::agent_files::{AgentFile, Condition, DeleteOutcome, FilePut, PutOutcome};
use crate::ports::store_error::StoreError;
use crate::references;
use crate::rights::{self, Action};
use bytes::Bytes;
use domain::agent::Agent;
use domain::caller::Caller;
use domain::effect::files::check_path;
use domain::error::{Code, Error};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Files that one agent may have.
pub const MOST_FILES: u32 = 10_000;

/// A place in an agent's workspace that the caller may use; `""` is the root.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    agent: Agent,
    path: String,
}

/// What is at a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A file; [`read`] has its bytes.
    File(AgentFile),
    /// A folder: its path and entries.
    Folder(Value),
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// It was not there before.
    pub created: bool,
    /// As it is now.
    pub file: AgentFile,
}

/// Find the agent, check the rights, then the path.
///
/// # Errors
/// 404 for the user or the agent; 400 for a path that no file of a workspace can have.
pub async fn locate(app: &App, caller: &Caller, user: &str, agent: &str, path: &str) -> Result<Spot, Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    rights::authorize(&scoped.caller, Action::UseFiles(&agent))?;
    // One slash at the end means the path without it.
    let path = path.strip_suffix('/').unwrap_or(path);
    if !path.is_empty() {
        check_path(path)
            .map_err(|error| Error::invalid(error.message).with_details(json!({ "field": "path" })))?;
    }
    Ok(Spot { agent, path: path.to_owned() })
}

/// What is there.
///
/// # Errors
/// 404; the root is always there.
pub async fn find(app: &App, spot: &Spot) -> Result<Found, Error> {
    let files = &app.ports.agent_files;
    if !spot.path.is_empty()
        && let Some(file) = files.find_agent_file(spot.agent.id, &spot.path).await?
    {
        return Ok(Found::File(file));
    }
    let below = files.list_agent_files(spot.agent.id, &spot.path, MOST_FILES).await?;
    if below.is_empty() && !spot.path.is_empty() {
        return Err(no_file(spot));
    }
    Ok(Found::Folder(json!({ "path": spot.path, "entries": entries(&spot.path, &below) })))
}

/// The bytes of a file.
///
/// # Errors
/// When the store fails.
pub async fn read(app: &App, file: &AgentFile) -> Result<Bytes, Error> {
    let bytes = app.ports.blobs.find_blob(file.blob).await?;
    // A row names its blob, so the cleaner leaves it; the row itself may have gone since it was read.
    bytes.ok_or_else(|| Error::not_found("the file was deleted meanwhile"))
}

/// Write a file if `passes` says so of what is there; of concurrent writes whose conditions exclude each other exactly one succeeds.
///
/// # Errors
/// 412; 409 when a folder is where the file is to be or a file where a folder is to be; 413; 400 for the root.
pub async fn put(
    app: &App,
    spot: &Spot,
    bytes: Bytes,
    passes: Option<impl Fn(Option<&AgentFile>) -> bool>,
) -> Result<Written, Error> {
    if spot.path.is_empty() {
        return Err(Error::invalid("the root of a workspace is a folder; name a file in it"));
    }
    let size = bytes.len() as u64;
    check_size(app, size)?;
    let blob = app.ports.blobs.put_blob(bytes).await?;
    loop {
        let condition = condition(app, spot, passes.as_ref()).await?;
        let put = FilePut {
            user: spot.agent.user,
            agent: spot.agent.id,
            path: spot.path.clone(),
            blob,
            size,
            condition,
            most_bytes: app.settings.agent_files_quota,
            most_files: MOST_FILES.into(),
        };
        return match app.ports.agent_files.put_agent_file(put, app.ports.clock.now()).await? {
            PutOutcome::Created(file) => Ok(Written { created: true, file }),
            PutOutcome::Replaced(file) => Ok(Written { created: false, file }),
            // Somebody else was faster: ask again of what is there now.
            PutOutcome::Refused => continue,
            PutOutcome::NoRoom { bytes, files } => Err(no_room(app, size, bytes, files)),
            PutOutcome::BelowFile(file) => {
                Err(Error::conflict(format!("{file:?} is a file, so nothing can be below it")))
            }
            PutOutcome::IsFolder => Err(Error::conflict(format!("{:?} is a folder", spot.path))),
            PutOutcome::NoAgent => Err(references::no_agent()),
        };
    }
}

/// Refuse a file of this size.
///
/// # Errors
/// 413.
pub fn check_size(app: &App, size: u64) -> Result<(), Error> {
    let limit = app.settings.agent_file_limit;
    if size <= limit {
        return Ok(());
    }
    let message = format!(
        "the file is larger than the limit of {limit} bytes; an operator can raise `agent_file_limit`"
    );
    Err(Error::new(Code::TooLarge, message))
}

/// Delete a file, or with `recursive` a folder with everything in it.
///
/// # Errors
/// 404; 409 for a folder without `recursive`; 412; 400 for the root.
pub async fn delete(
    app: &App,
    spot: &Spot,
    recursive: bool,
    passes: Option<impl Fn(Option<&AgentFile>) -> bool>,
) -> Result<(), Error> {
    if spot.path.is_empty() {
        return Err(Error::invalid("the root of a workspace cannot be deleted; name a file or folder in it"));
    }
    loop {
        let condition = condition(app, spot, passes.as_ref()).await?;
        let files = &app.ports.agent_files;
        return match files.delete_agent_file(spot.agent.id, &spot.path, recursive, condition).await? {
            DeleteOutcome::Deleted(_) => Ok(()),
            DeleteOutcome::NotFound => Err(no_file(spot)),
            DeleteOutcome::NotEmpty => Err(Error::conflict(format!(
                "{:?} is a folder that is not empty; give ?recursive=true to delete it with everything in it",
                spot.path
            ))),
            DeleteOutcome::Refused => continue,
        };
    }
}

/// What must still be so when the write comes, of what is there now.
async fn condition(
    app: &App,
    spot: &Spot,
    passes: Option<&impl Fn(Option<&AgentFile>) -> bool>,
) -> Result<Condition, Error> {
    let Some(passes) = passes else { return Ok(Condition::None) };
    let present = app.ports.agent_files.find_agent_file(spot.agent.id, &spot.path).await?;
    if !passes(present.as_ref()) {
        let message = match present {
            Some(_) => {
                format!("{:?} has another version than the condition asks for; read it again", spot.path)
            }
            None => format!("there is no file {:?}, and the condition asks for one", spot.path),
        };
        return Err(Error::new(Code::PreconditionFailed, message));
    }
    Ok(present.map_or(Condition::Absent, |file| Condition::Is(file.blob, file.version)))
}

/// The direct entries of a folder, of all files below it, which are sorted by path.
fn entries(folder: &str, below: &[AgentFile]) -> Vec<Value> {
    let from = if folder.is_empty() { 0 } else { folder.len() + 1 };
    let mut entries: BTreeMap<&str, (&str, u64, i64)> = BTreeMap::new();
    for file in below {
        let rest = file.path.get(from..).unwrap_or_default();
        let (name, kind) = rest.split_once('/').map_or((rest, "file"), |(name, _)| (name, "folder"));
        let entry = entries.entry(name).or_insert((kind, 0, 0));
        *entry = (kind, entry.1.saturating_add(file.size), entry.2.max(file.modified_at.0));
    }
    let shown = |(name, (kind, size, at)): (&str, (&str, u64, i64))| {
        let modified = domain::time::Timestamp(at).rfc3339();
        json!({ "name": name, "type": kind, "size": size, "modifiedAt": modified })
    };
    entries.into_iter().map(shown).collect()
}

fn no_file(spot: &Spot) -> Error {
    Error::not_found(format!("there is no file or folder {:?}", spot.path))
}

fn no_room(app: &App, size: u64, bytes: u64, files: u64) -> Error {
    let quota = app.settings.agent_files_quota;
    let message = if bytes.saturating_add(size) > quota {
        format!(
            "the workspace has {bytes} bytes beside this file, {size} more exceed its quota of {quota}; delete some, or ask an operator to raise `agent_files_quota`"
        )
    } else {
        format!("the workspace has {files} files, which is the most; delete some")
    };
    Error::new(Code::TooLarge, message)
}

/// What a turn reads of the workspace: the names of its files, and the texts of those at its top that are notes.
pub(crate) struct Shown {
    /// Path and bytes, sorted by path.
    pub(crate) files: Vec<(String, u64)>,
    /// Name and text.
    pub(crate) notes: Vec<(String, String)>,
}

/// Files that a turn reads of.
const SHOWN_FILES: u32 = 200;
/// Bytes of notes that a turn reads together; a note that does not fit is only named.
const NOTES_BYTES: u64 = 16 << 10;

/// What a turn of this agent reads.
pub(crate) async fn shown(app: &App, agent: &Agent) -> Result<Shown, StoreError> {
    let files = app.ports.agent_files.list_agent_files(agent.id, "", SHOWN_FILES).await?;
    let (mut notes, mut left) = (Vec::new(), NOTES_BYTES);
    for file in &files {
        let is_note = !file.path.contains('/') && (file.path.ends_with(".md") || file.path.ends_with(".txt"));
        if !is_note || file.size > left {
            continue;
        }
        let bytes = app.ports.blobs.find_blob(file.blob).await?.unwrap_or_default();
        if let Ok(text) = String::from_utf8(bytes.to_vec()) {
            left -= file.size;
            notes.push((file.path.clone(), text));
        }
    }
    Ok(Shown { files: files.into_iter().map(|file| (file.path, file.size)).collect(), notes })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use domain::id::Digest;
    use domain::time::Timestamp;

    #[test]
    fn a_folder_has_its_direct_entries_with_the_sums_of_what_is_below() {
        let file = |path: &str, size: u64, at: i64| AgentFile {
            path: path.to_owned(),
            blob: Digest([0; 32]),
            size,
            version: 1,
            modified_at: Timestamp(at),
        };
        let below = [file("a/b/c", 3, 9000), file("a/b/d", 4, 5000), file("a/e", 5, 1000)];
        let found = entries("a", &below);
        assert_eq!(
            found,
            [
                json!({ "name": "b", "type": "folder", "size": 7, "modifiedAt": "1970-01-01T00:00:09Z" }),
                json!({ "name": "e", "type": "file", "size": 5, "modifiedAt": "1970-01-01T00:00:01Z" }),
            ]
        );
        assert_eq!(entries("", &below)[0]["name"], "a");
        assert_eq!(entries("", &below).len(), 1);
    }
}
