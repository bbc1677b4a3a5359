//! Blobs: files beside the database, named by their content, durable before their row.

mod folder;

pub(super) use folder::BlobFolder;

use super::SqliteStore;
use super::clean;
use super::writer::Lane;
use crate::rows::column;
use app::ports::blobs::Blobs;
use app::ports::store_error::StoreError;
use bytes::Bytes;
use domain::id::Digest;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::sync::Arc;

#[async_trait::async_trait]
impl Blobs for SqliteStore {
    async fn put_blob(&self, bytes: Bytes) -> Result<Digest, StoreError> {
        let folder = self.blob_folder();
        // Many may put at once; the cleaner is alone, so that it never deletes the file of a row that is just being made.
        let _present = folder.cleaning.read().await;
        let size = column(bytes.len() as u64);
        let digest = {
            let folder = folder.clone();
            blocking(move || folder.write(&bytes)).await?
        };
        let now = self.now().0;
        self.write(Lane::Normal, 256, move |connection| {
            // A blob that is put again is wanted again: it counts as young.
            connection
                .prepare_cached(
                    "INSERT INTO blobs (digest, size, created_at) VALUES (?1, ?2, ?3)
                     ON CONFLICT (digest) DO UPDATE SET created_at = max(created_at, excluded.created_at)",
                )?
                .execute(params![digest.0, size, now])?;
            Ok(())
        })
        .await?;
        Ok(digest)
    }

    async fn find_blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        let folder = self.blob_folder();
        if let Some(bytes) = blocking(move || folder.read(digest)).await? {
            return Ok(Some(bytes));
        }
        let named = self
            .read(move |connection: &Connection| {
                let mut statement = connection.prepare_cached("SELECT 1 FROM blobs WHERE digest = ?1")?;
                Ok(statement.query_row(params![digest.0], |_| Ok(())).optional()?.is_some())
            })
            .await?;
        if named {
            return Err(StoreError::Internal(format!(
                "the file of blob {digest} is missing from the data directory"
            )));
        }
        Ok(None)
    }

    async fn clean_blobs(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let folder = self.blob_folder();
        let alone = Arc::clone(&folder.cleaning).write_owned().await;
        let deleted =
            self.write(Lane::Normal, 4096, move |connection| clean::blobs(connection, now, limit)).await?;
        blocking(move || {
            // Held until the last file is gone, even when the caller goes away.
            let _alone = alone;
            deleted.iter().try_for_each(|digest| folder.delete(*digest))?;
            Ok(deleted.len() as u64)
        })
        .await
    }
}

/// File work on a blocking thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Internal(format!("file work did not end: {error}"))),
    }
}
