//! The port `Workspaces`.

use super::PostgresStore;
use super::failure::Failure;
use super::row::digest;
use super::transaction::transact;
use crate::rows::count;
use app::ports::store_error::StoreError;
use app::ports::workspaces::{WorkspaceFile, Workspaces};
use domain::id::TaskId;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

#[async_trait::async_trait]
impl Workspaces for PostgresStore {
    async fn find_file(&self, task: &TaskId, path: &str) -> Result<Option<WorkspaceFile>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(
                    "SELECT path, blob, size, version FROM workspace_files WHERE task = $1 AND NOT base AND path = $2",
                )
                .bind(task.to_string())
                .bind(path.to_owned())
                .fetch_optional(write.connection())
                .await?;
            row.as_ref().map(file).transpose()
        })
    }

    async fn list_files(&self, task: &TaskId, prefix: &str) -> Result<Vec<WorkspaceFile>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT path, blob, size, version FROM workspace_files
                     WHERE task = $1 AND NOT base AND ($2 = '' OR path = $2 OR starts_with(path, $2 || '/')) ORDER BY path",
                )
                .bind(task.to_string())
                .bind(prefix.trim_end_matches('/').to_owned())
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(file).collect()
        })
    }

    async fn list_base(&self, task: &TaskId) -> Result<Vec<WorkspaceFile>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query("SELECT path, blob, size, version FROM workspace_files WHERE task = $1 AND base ORDER BY path")
                .bind(task.to_string())
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(file).collect()
        })
    }
}

fn file(row: &PgRow) -> Result<WorkspaceFile, Failure> {
    Ok(WorkspaceFile {
        path: row.try_get("path")?,
        blob: digest(row, "blob")?,
        size: count(row.try_get("size")?),
        version: row.try_get("version")?,
    })
}
