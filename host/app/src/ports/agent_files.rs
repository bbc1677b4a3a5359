//! Files of an agent's lasting workspace. Rows are the truth: `(agent, path, sha256, version)`, so no path leads anywhere but to a row.
//! Folders are what paths have in common.

use super::store_error::StoreError;
use domain::id::{AgentId, Digest, UserId};
use domain::time::Timestamp;

/// A file of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentFile {
    /// From the root.
    pub path: String,
    /// Its content.
    pub blob: Digest,
    /// Bytes.
    pub size: u64,
    /// From 1; each write adds one.
    pub version: i64,
    /// Of the last write.
    pub modified_at: Timestamp,
}

/// What must be so at the moment of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// The file is not there.
    Absent,
    /// The file is there with this content in this version.
    Is(Digest, i64),
}

impl Condition {
    /// Whether it is so.
    #[must_use]
    pub fn holds(self, present: Option<(Digest, i64)>) -> bool {
        match self {
            Self::None => true,
            Self::Absent => present.is_none(),
            Self::Is(blob, version) => present == Some((blob, version)),
        }
    }
}

/// A file to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePut {
    /// Whose agent.
    pub user: UserId,
    /// Whose.
    pub agent: AgentId,
    /// Checked: `domain::effect::files::check_path`.
    pub path: String,
    /// Its content, which is there already.
    pub blob: Digest,
    /// Bytes.
    pub size: u64,
    /// When it is set.
    pub condition: Condition,
    /// Bytes that all files of the agent may have together.
    pub most_bytes: u64,
    /// Files that the agent may have.
    pub most_files: u64,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutOutcome {
    /// It was not there before.
    Created(AgentFile),
    /// It has another version.
    Replaced(AgentFile),
    /// The condition does not hold.
    Refused,
    /// The agent has too much then.
    NoRoom {
        /// Bytes that the others have.
        bytes: u64,
        /// Files that there are.
        files: u64,
    },
    /// A part of the path is a file.
    BelowFile(String),
    /// There are files below it.
    IsFolder,
    /// The agent was deleted meanwhile.
    NoAgent,
}

/// What became of a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// This many files went.
    Deleted(u64),
    /// Neither a file nor a folder.
    NotFound,
    /// A folder, and only files were to go.
    NotEmpty,
    /// The condition does not hold.
    Refused,
}

/// An agent's lasting workspace.
#[async_trait::async_trait]
pub trait AgentFiles: Send + Sync + 'static {
    /// One file.
    async fn find_agent_file(&self, agent: AgentId, path: &str) -> Result<Option<AgentFile>, StoreError>;

    /// Files below a folder (`""`: all), sorted by path; at most `limit`.
    async fn list_agent_files(
        &self,
        agent: AgentId,
        folder: &str,
        limit: u32,
    ) -> Result<Vec<AgentFile>, StoreError>;

    /// Set a file: of several whose conditions exclude each other exactly one wins.
    async fn put_agent_file(&self, put: FilePut, now: Timestamp) -> Result<PutOutcome, StoreError>;

    /// Delete a file, or with `recursive` everything below a folder.
    async fn delete_agent_file(
        &self,
        agent: AgentId,
        path: &str,
        recursive: bool,
        condition: Condition,
    ) -> Result<DeleteOutcome, StoreError>;
}
