//! Files of a task's workspace. Rows are the truth: `(workspace, path, sha256, version)`. Writes are local effects of the journal.

use super::store_error::StoreError;
use domain::id::{Digest, TaskId};

/// A file of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceFile {
    /// From the root.
    pub path: String,
    /// Its content.
    pub blob: Digest,
    /// Bytes.
    pub size: u64,
    /// From 1; each write adds one.
    pub version: i64,
}

/// Reading workspaces.
#[async_trait::async_trait]
pub trait Workspaces: Send + Sync + 'static {
    /// One file.
    async fn find_file(&self, task: &TaskId, path: &str) -> Result<Option<WorkspaceFile>, StoreError>;

    /// Files whose path is `prefix` or below it (`""`: all), sorted by path.
    async fn list_files(&self, task: &TaskId, prefix: &str) -> Result<Vec<WorkspaceFile>, StoreError>;

    /// The files of the base that diffs are against, sorted by path.
    async fn list_base(&self, task: &TaskId) -> Result<Vec<WorkspaceFile>, StoreError>;
}
