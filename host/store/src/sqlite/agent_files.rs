//! Files of agents' lasting workspaces.

use super::SqliteStore;
use super::failure::Outcome;
use super::row::digest;
use super::writer::Lane;
use crate::rows::{Surroundings, ancestors, column, count};
use app::ports::agent_files::{AgentFile, AgentFiles, Condition, DeleteOutcome, FilePut, PutOutcome};
use app::ports::store_error::StoreError;
use domain::id::AgentId;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

#[async_trait::async_trait]
impl AgentFiles for SqliteStore {
    async fn find_agent_file(&self, agent: AgentId, path: &str) -> Result<Option<AgentFile>, StoreError> {
        let path = path.to_owned();
        self.read(move |connection| find(connection, agent, &path)).await
    }

    async fn list_agent_files(
        &self,
        agent: AgentId,
        folder: &str,
        limit: u32,
    ) -> Result<Vec<AgentFile>, StoreError> {
        let folder = folder.to_owned();
        self.read(move |connection| {
            // `0` is the character after `/`: the range is what is below the folder, and the index has it.
            let mut statement = connection.prepare_cached(
                "SELECT path, blob, size, version, modified_at FROM agent_files
                 WHERE agent_id = ?1 AND (?2 = '' OR (path > ?2 || '/' AND path < ?2 || '0')) ORDER BY path LIMIT ?3",
            )?;
            let mut rows = statement.query(params![agent.to_string(), folder, limit])?;
            let mut files = Vec::new();
            while let Some(row) = rows.next()? {
                files.push(file(row)?);
            }
            Ok(files)
        })
        .await
    }

    async fn put_agent_file(&self, put: FilePut, now: Timestamp) -> Result<PutOutcome, StoreError> {
        self.write(Lane::Normal, 2048, move |connection| set(connection, &put, now)).await
    }

    async fn delete_agent_file(
        &self,
        agent: AgentId,
        path: &str,
        recursive: bool,
        condition: Condition,
    ) -> Result<DeleteOutcome, StoreError> {
        let path = path.to_owned();
        self.write(Lane::Normal, 2048, move |connection| {
            delete(connection, agent, &path, recursive, condition)
        })
        .await
    }
}

/// Nobody else writes until the transaction ends, so what is read here is so when the row is written.
fn set(connection: &Connection, put: &FilePut, now: Timestamp) -> Outcome<PutOutcome> {
    let agent = put.agent.to_string();
    let there = connection
        .prepare_cached("SELECT 1 FROM agents WHERE id = ?1")?
        .query_row(params![agent], |_| Ok(()))
        .optional()?;
    if there.is_none() {
        return Ok(PutOutcome::NoAgent);
    }
    let present = find(connection, put.agent, &put.path)?;
    let (bytes, files): (i64, i64) = connection
        .prepare_cached("SELECT coalesce(sum(size), 0), count(*) FROM agent_files WHERE agent_id = ?1")?
        .query_row(params![agent], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut above = None;
    for path in ancestors(&put.path) {
        if find(connection, put.agent, &path)?.is_some() {
            above = Some(path);
        }
    }
    let around = Surroundings {
        present: present.as_ref().map(|file| (file.blob, file.version, file.size)),
        bytes: count(bytes),
        files: count(files),
        above,
        is_folder: is_folder(connection, put.agent, &put.path)?,
    };
    if let Some(refusal) = around.refusal(put) {
        return Ok(refusal);
    }
    connection
        .prepare_cached(
            "INSERT INTO agent_files (agent_id, path, user_id, blob, size, version, modified_at) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)
             ON CONFLICT (agent_id, path) DO UPDATE SET blob = excluded.blob, size = excluded.size, version = version + 1,
             modified_at = excluded.modified_at",
        )?
        .execute(params![agent, put.path, put.user.to_string(), put.blob.0, column(put.size), now.0])?;
    let file = AgentFile {
        path: put.path.clone(),
        blob: put.blob,
        size: put.size,
        version: present.as_ref().map_or(1, |file| file.version + 1),
        modified_at: now,
    };
    Ok(if present.is_some() { PutOutcome::Replaced(file) } else { PutOutcome::Created(file) })
}

fn delete(
    connection: &Connection,
    agent: AgentId,
    path: &str,
    recursive: bool,
    condition: Condition,
) -> Outcome<DeleteOutcome> {
    let present = find(connection, agent, path)?;
    let is_folder = present.is_none() && is_folder(connection, agent, path)?;
    if present.is_none() && !is_folder {
        return Ok(DeleteOutcome::NotFound);
    }
    if !condition.holds(present.map(|file| (file.blob, file.version))) {
        return Ok(DeleteOutcome::Refused);
    }
    if is_folder && !recursive {
        return Ok(DeleteOutcome::NotEmpty);
    }
    let deleted = connection
        .prepare_cached(
            "DELETE FROM agent_files WHERE agent_id = ?1 AND (path = ?2 OR (path > ?2 || '/' AND path < ?2 || '0'))",
        )?
        .execute(params![agent.to_string(), path])?;
    Ok(DeleteOutcome::Deleted(deleted as u64))
}

fn find(connection: &Connection, agent: AgentId, path: &str) -> Outcome<Option<AgentFile>> {
    let mut statement = connection.prepare_cached(
        "SELECT path, blob, size, version, modified_at FROM agent_files WHERE agent_id = ?1 AND path = ?2",
    )?;
    let mut rows = statement.query(params![agent.to_string(), path])?;
    rows.next()?.map(file).transpose()
}

fn is_folder(connection: &Connection, agent: AgentId, path: &str) -> Outcome<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM agent_files WHERE agent_id = ?1 AND path > ?2 || '/' AND path < ?2 || '0')",
        )?
        .query_row(params![agent.to_string(), path], |row| row.get(0))?)
}

fn file(row: &Row<'_>) -> Outcome<AgentFile> {
    let blob: Vec<u8> = row.get(1)?;
    Ok(AgentFile {
        path: row.get(0)?,
        blob: digest(&blob)?,
        size: count(row.get(2)?),
        version: row.get(3)?,
        modified_at: Timestamp(row.get(4)?),
    })
}
