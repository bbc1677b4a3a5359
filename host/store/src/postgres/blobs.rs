//! The port `Blobs`: content in rows of 256 KiB.

use super::PostgresStore;
use super::failure::Failure;
use super::row::bytes;
use super::transaction::{Write, transact};
use crate::rows::{BLOB_GRACE, before, column};
use app::ports::blobs::Blobs;
use app::ports::store_error::StoreError;
use bytes::Bytes;
use domain::id::Digest;
use domain::time::Timestamp;
use sqlx::Row as _;

/// One row: small enough that no row is long in memory, large enough that rows are few.
const CHUNK: usize = 256 << 10;
/// Rows of one statement.
const CHUNKS: usize = 16;

#[async_trait::async_trait]
impl Blobs for PostgresStore {
    async fn put_blob(&self, content: Bytes) -> Result<Digest, StoreError> {
        let digest = Digest::of(&content);
        transact!(self.database(), write => put(&mut write, &digest, &content))?;
        Ok(digest)
    }

    async fn find_blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        transact!(self.database(), write => find(&mut write, &digest))
    }

    async fn clean_blobs(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let oldest = before(now, BLOB_GRACE);
        transact!(self.database(), write => clean(&mut write, oldest, limit))
    }
}

async fn put(write: &mut Write, digest: &Digest, content: &Bytes) -> Result<(), Failure> {
    // One that is there already gets young again, so that the cleaner leaves it until its entry is there.
    let row = write
        .query(
            "INSERT INTO blobs AS b (digest, size, created_at) VALUES ($1, $2, skep_now())
             ON CONFLICT (digest) DO UPDATE SET created_at = greatest(b.created_at, excluded.created_at)
             RETURNING b.xmax = 0 AS inserted",
        )
        .bind(bytes(digest))
        .bind(column(content.len() as u64))
        .fetch_one(write.connection())
        .await?;
    if !row.try_get::<bool, _>("inserted")? {
        return Ok(());
    }
    let chunks: Vec<Vec<u8>> = content.chunks(CHUNK).map(<[u8]>::to_vec).collect();
    let mut part = 0_i32;
    for group in chunks.chunks(CHUNKS) {
        write
            .query(
                "INSERT INTO blob_chunks (digest, part, bytes)
                 SELECT $1, $2 + c.place::integer, c.bytes FROM unnest($3::bytea[]) WITH ORDINALITY AS c (bytes, place)",
            )
            .bind(bytes(digest))
            .bind(part)
            .bind(group.to_vec())
            .execute(write.connection())
            .await?;
        part = part.saturating_add(i32::try_from(group.len()).unwrap_or(i32::MAX));
    }
    Ok(())
}

async fn find(write: &mut Write, digest: &Digest) -> Result<Option<Bytes>, Failure> {
    let rows = write
        .query(
            "SELECT b.size, c.bytes FROM blobs b LEFT JOIN blob_chunks c USING (digest) WHERE b.digest = $1 ORDER BY c.part",
        )
        .bind(bytes(digest))
        .fetch_all(write.connection())
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut content = Vec::with_capacity(usize::try_from(first.try_get::<i64, _>("size")?).unwrap_or(0));
    for row in &rows {
        // Null: an empty blob has no rows of content.
        if let Some(chunk) = row.try_get::<Option<&[u8]>, _>("bytes")? {
            content.extend_from_slice(chunk);
        }
    }
    if Digest::of(&content) != *digest {
        return Err(StoreError::Internal(format!(
            "the blob {digest} is damaged: its content has another digest"
        ))
        .into());
    }
    Ok(Some(content.into()))
}

async fn clean(write: &mut Write, oldest: Timestamp, limit: u32) -> Result<u64, Failure> {
    let deleted = write
        .query(
            "DELETE FROM blobs WHERE digest IN (
                 SELECT b.digest FROM blobs b WHERE b.created_at < $1
                   AND NOT EXISTS (SELECT 1 FROM entry_blobs e WHERE e.digest = b.digest)
                   AND NOT EXISTS (SELECT 1 FROM workspace_files f WHERE f.blob = b.digest)
                   AND NOT EXISTS (SELECT 1 FROM plugins p WHERE p.digest = b.digest)
                   AND NOT EXISTS (SELECT 1 FROM agent_files a WHERE a.blob = b.digest)
                   AND NOT EXISTS (SELECT 1 FROM skill_versions v WHERE v.digest = b.digest)
                   AND NOT EXISTS (SELECT 1 FROM skill_versions v WHERE v.component = b.digest)
                 ORDER BY b.created_at LIMIT $2 FOR UPDATE SKIP LOCKED
             )",
        )
        .bind(oldest.0)
        .bind(i64::from(limit))
        .execute(write.connection())
        .await;
    match deleted {
        Ok(outcome) => Ok(outcome.rows_affected()),
        // Somebody named one of them meanwhile: nothing is deleted, and the next run looks again.
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Ok(0),
        Err(error) => Err(error.into()),
    }
}
