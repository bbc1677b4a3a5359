//! Deleting what nobody needs any more, a bounded number of rows at a time.

use super::failure::Outcome;
use super::row::digest;
use crate::rows::{ANSWER_LIFE, BLOB_GRACE, before};
use app::ports::tasks::CleanBefore;
use domain::id::Digest;
use domain::time::Timestamp;
use rusqlite::{Connection, params};

/// Ended tasks; journal, events, workspace and counts go with them.
pub(super) fn tasks(connection: &Connection, before: CleanBefore, limit: u32) -> Outcome<u64> {
    let deleted = connection
        .prepare_cached(
            "DELETE FROM tasks WHERE id IN (
                 SELECT id FROM tasks WHERE completed_at < max(?1, ?2, ?3, ?5, ?6)
                 AND completed_at < CASE WHEN kind = 'webhook' THEN ?3 WHEN kind = 'chat' THEN ?5 WHEN kind = 'tick' THEN ?6
                                         WHEN state IN ('failed', 'quarantined') THEN ?2 ELSE ?1 END
                 ORDER BY completed_at LIMIT ?4)",
        )?
        .execute(params![before.ended.0, before.failed.0, before.webhooks.0, limit, before.chats.0, before.ticks.0])?;
    Ok(deleted as u64)
}

/// Rows of blobs that no row names; their files are the caller's to delete after the commit.
pub(super) fn blobs(connection: &Connection, now: Timestamp, limit: u32) -> Outcome<Vec<Digest>> {
    let rows: Vec<Vec<u8>> = connection
        .prepare_cached(
            "DELETE FROM blobs WHERE digest IN (
                 SELECT digest FROM blobs AS old WHERE created_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM entry_blobs WHERE digest = old.digest)
                 AND NOT EXISTS (SELECT 1 FROM workspace_files WHERE blob = old.digest)
                 AND NOT EXISTS (SELECT 1 FROM plugins WHERE digest = old.digest)
                 AND NOT EXISTS (SELECT 1 FROM agent_files WHERE blob = old.digest)
                 AND NOT EXISTS (SELECT 1 FROM skill_versions WHERE digest = old.digest)
                 AND NOT EXISTS (SELECT 1 FROM skill_versions WHERE component = old.digest)
                 ORDER BY created_at LIMIT ?2) RETURNING digest",
        )?
        .query_map(params![before(now, BLOB_GRACE).0, limit], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    rows.iter().map(|bytes| digest(bytes)).collect()
}

/// Kept answers that are over.
pub(super) fn answers(connection: &Connection, now: Timestamp, limit: u32) -> Outcome<u64> {
    let deleted = connection
        .prepare_cached(
            "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)",
        )?
        .execute(params![before(now, ANSWER_LIFE).0, limit])?;
    Ok(deleted as u64)
}
