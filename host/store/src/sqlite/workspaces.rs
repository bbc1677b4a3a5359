//! Files of workspaces.

use super::SqliteStore;
use super::failure::Outcome;
use super::row::digest;
use crate::rows::count;
use app::ports::store_error::StoreError;
use app::ports::workspaces::{WorkspaceFile, Workspaces};
use domain::id::TaskId;
use rusqlite::{Row, params};

#[async_trait::async_trait]
impl Workspaces for SqliteStore {
    async fn find_file(&self, task: &TaskId, path: &str) -> Result<Option<WorkspaceFile>, StoreError> {
        let (task, path) = (task.clone(), path.to_owned());
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT path, blob, size, version FROM workspace_files WHERE task = ?1 AND base = 0 AND path = ?2",
            )?;
            let mut rows = statement.query(params![task.as_str(), path])?;
            rows.next()?.map(file).transpose()
        })
        .await
    }

    async fn list_files(&self, task: &TaskId, prefix: &str) -> Result<Vec<WorkspaceFile>, StoreError> {
        self.list(task, false, prefix).await
    }

    async fn list_base(&self, task: &TaskId) -> Result<Vec<WorkspaceFile>, StoreError> {
        self.list(task, true, "").await
    }
}

impl SqliteStore {
    async fn list(&self, task: &TaskId, base: bool, prefix: &str) -> Result<Vec<WorkspaceFile>, StoreError> {
        let (task, prefix) = (task.clone(), prefix.trim_end_matches('/').to_owned());
        self.read(move |connection| {
            // `src` is itself or below `src/`; `src-old` is neither.
            let mut statement = connection.prepare_cached(
                "SELECT path, blob, size, version FROM workspace_files WHERE task = ?1 AND base = ?2
                 AND (?3 = '' OR path = ?3 OR substr(path, 1, length(?3) + 1) = ?3 || '/') ORDER BY path",
            )?;
            let mut rows = statement.query(params![task.as_str(), base, prefix])?;
            let mut files = Vec::new();
            while let Some(row) = rows.next()? {
                files.push(file(row)?);
            }
            Ok(files)
        })
        .await
    }
}

fn file(row: &Row<'_>) -> Outcome<WorkspaceFile> {
    let blob: Vec<u8> = row.get(1)?;
    Ok(WorkspaceFile {
        path: row.get(0)?,
        blob: digest(&blob)?,
        size: count(row.get(2)?),
        version: row.get(3)?,
    })
}
