//! The port `AgentFiles`.

use super::PostgresStore;
use super::failure::Failure;
use super::row::{bytes, digest};
use super::transaction::{Write, transact};
use crate::rows::{Surroundings, ancestors, column, count};
use app::ports::agent_files::{AgentFile, AgentFiles, Condition, DeleteOutcome, FilePut, PutOutcome};
use app::ports::store_error::StoreError;
use domain::id::AgentId;
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

#[async_trait::async_trait]
impl AgentFiles for PostgresStore {
    async fn find_agent_file(&self, agent: AgentId, path: &str) -> Result<Option<AgentFile>, StoreError> {
        transact!(self.database(), write => find(&mut write, agent, path))
    }

    async fn list_agent_files(
        &self,
        agent: AgentId,
        folder: &str,
        limit: u32,
    ) -> Result<Vec<AgentFile>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT path, blob, size, version, modified_at FROM agent_files
                     WHERE agent_id = $1 AND ($2 = '' OR starts_with(path, $2 || '/')) ORDER BY path COLLATE \"C\" LIMIT $3",
                )
                .bind(agent.to_string())
                .bind(folder.to_owned())
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(file).collect()
        })
    }

    async fn put_agent_file(&self, put: FilePut, now: Timestamp) -> Result<PutOutcome, StoreError> {
        transact!(self.database(), write => set(&mut write, &put, now))
    }

    async fn delete_agent_file(
        &self,
        agent: AgentId,
        path: &str,
        recursive: bool,
        condition: Condition,
    ) -> Result<DeleteOutcome, StoreError> {
        transact!(self.database(), write => delete(&mut write, agent, path, recursive, condition))
    }
}

/// Writers to one agent's workspace go one after the other until the transaction ends. Answers whether the agent is there.
async fn alone(write: &mut Write, agent: AgentId) -> Result<bool, Failure> {
    write.identify().await?;
    let row = write
        .query("SELECT 1 FROM agents WHERE id = $1 FOR NO KEY UPDATE")
        .bind(agent.to_string())
        .fetch_optional(write.connection())
        .await?;
    Ok(row.is_some())
}

async fn set(write: &mut Write, put: &FilePut, now: Timestamp) -> Result<PutOutcome, Failure> {
    if !alone(write, put.agent).await? {
        return Ok(PutOutcome::NoAgent);
    }
    let present = find(write, put.agent, &put.path).await?;
    let row = write
        .query(
            "SELECT coalesce(sum(size), 0)::bigint, count(*), coalesce(bool_or(starts_with(path, $2 || '/')), false),
                 (array_agg(path) FILTER (WHERE path = ANY($3)))[1]
             FROM agent_files WHERE agent_id = $1",
        )
        .bind(put.agent.to_string())
        .bind(put.path.clone())
        .bind(ancestors(&put.path))
        .fetch_one(write.connection())
        .await?;
    let around = Surroundings {
        present: present.as_ref().map(|file| (file.blob, file.version, file.size)),
        bytes: count(row.try_get(0)?),
        files: count(row.try_get(1)?),
        is_folder: row.try_get(2)?,
        above: row.try_get(3)?,
    };
    if let Some(refusal) = around.refusal(put) {
        return Ok(refusal);
    }
    write
        .query(
            "INSERT INTO agent_files AS f (agent_id, path, user_id, blob, size, version, modified_at)
             VALUES ($1, $2, $3, $4, $5, 1, $6)
             ON CONFLICT (agent_id, path) DO UPDATE SET blob = excluded.blob, size = excluded.size, version = f.version + 1,
                 modified_at = excluded.modified_at",
        )
        .bind(put.agent.to_string())
        .bind(put.path.clone())
        .bind(put.user.to_string())
        .bind(bytes(&put.blob))
        .bind(column(put.size))
        .bind(now.0)
        .execute(write.connection())
        .await?;
    let file = AgentFile {
        path: put.path.clone(),
        blob: put.blob,
        size: put.size,
        version: present.as_ref().map_or(1, |file| file.version + 1),
        modified_at: now,
    };
    Ok(if present.is_some() { PutOutcome::Replaced(file) } else { PutOutcome::Created(file) })
}

async fn delete(
    write: &mut Write,
    agent: AgentId,
    path: &str,
    recursive: bool,
    condition: Condition,
) -> Result<DeleteOutcome, Failure> {
    if !alone(write, agent).await? {
        return Ok(DeleteOutcome::NotFound);
    }
    let present = find(write, agent, path).await?;
    let row = write
        .query(
            "SELECT EXISTS (SELECT 1 FROM agent_files WHERE agent_id = $1 AND starts_with(path, $2 || '/'))",
        )
        .bind(agent.to_string())
        .bind(path.to_owned())
        .fetch_one(write.connection())
        .await?;
    let is_folder = present.is_none() && row.try_get::<bool, _>(0)?;
    if present.is_none() && !is_folder {
        return Ok(DeleteOutcome::NotFound);
    }
    if !condition.holds(present.map(|file| (file.blob, file.version))) {
        return Ok(DeleteOutcome::Refused);
    }
    if is_folder && !recursive {
        return Ok(DeleteOutcome::NotEmpty);
    }
    let deleted = write
        .query("DELETE FROM agent_files WHERE agent_id = $1 AND (path = $2 OR starts_with(path, $2 || '/'))")
        .bind(agent.to_string())
        .bind(path.to_owned())
        .execute(write.connection())
        .await?;
    Ok(DeleteOutcome::Deleted(deleted.rows_affected()))
}

async fn find(write: &mut Write, agent: AgentId, path: &str) -> Result<Option<AgentFile>, Failure> {
    let row = write
        .query("SELECT path, blob, size, version, modified_at FROM agent_files WHERE agent_id = $1 AND path = $2")
        .bind(agent.to_string())
        .bind(path.to_owned())
        .fetch_optional(write.connection())
        .await?;
    row.as_ref().map(file).transpose()
}

fn file(row: &PgRow) -> Result<AgentFile, Failure> {
    Ok(AgentFile {
        path: row.try_get("path")?,
        blob: digest(row, "blob")?,
        size: count(row.try_get("size")?),
        version: row.try_get("version")?,
        modified_at: Timestamp(row.try_get("modified_at")?),
    })
}
