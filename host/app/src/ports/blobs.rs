//! Content-addressed bytes.

use super::store_error::StoreError;
use bytes::Bytes;
use domain::id::Digest;

/// Blobs: SQLite keeps files beside the database, PostgreSQL rows in chunks. They never pass the SQLite writer.
#[async_trait::async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Keep the bytes; durable when it answers. Keeping them again is a no-op.
    async fn put_blob(&self, bytes: Bytes) -> Result<Digest, StoreError>;

    /// The bytes; their digest has been checked.
    async fn find_blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError>;

    /// Delete at most `limit` blobs that no row names and that are older than an hour. Answers how many.
    async fn clean_blobs(&self, now: domain::time::Timestamp, limit: u32) -> Result<u64, StoreError>;
}
