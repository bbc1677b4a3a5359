//! The autonomy of agents.

use super::SqliteStore;
use super::agents::agents_where;
use super::end::cancel_idle;
use super::failure::Outcome;
use super::insert::insert_task;
use super::rooms::ensure_autonomous;
use super::writer::Lane;
use crate::rows::{Due, count, milliseconds, parse};
use app::ports::store_error::StoreError;
use app::ports::ticks::{Instruction, Ticks};
use domain::agent::{Agent, MOST_FAILED_TICKS};
use domain::id::{AgentId, TaskId};
use domain::log;
use domain::task::State;
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};
use std::time::Duration;
use uuid::Uuid;

/// Bytes that a small write counts for in the writer's group.
const WEIGHT: usize = 512;

#[async_trait::async_trait]
impl Ticks for SqliteStore {
    async fn set_autonomy(
        &self,
        agent: AgentId,
        enabled: bool,
        now: Timestamp,
    ) -> Result<Option<Agent>, StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| {
            connection
                .prepare_cached(if enabled {
                    "UPDATE agents SET autonomy = 1, failed_ticks = 0, paused_at = NULL,
                         next_tick_at = CASE WHEN status = 'active' THEN ?2 END
                     WHERE id = ?1 AND (autonomy = 0 OR paused_at IS NOT NULL OR (status = 'active' AND next_tick_at IS NULL))"
                } else {
                    "UPDATE agents SET autonomy = 0, next_tick_at = NULL WHERE id = ?1 AND ?2 IS NOT NULL"
                })?
                .execute(params![agent.to_string(), now.0])?;
            if !enabled {
                cancel_queued_ticks(connection, agent, now)?;
            }
            Ok(agents_where(connection, "id = ?1", params![agent.to_string()])?.pop())
        })
        .await
    }

    async fn set_interval(
        &self,
        agent: AgentId,
        interval: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| {
            connection
                .prepare_cached(
                    "UPDATE agents SET tick_interval_ms = ?2,
                         next_tick_at = CASE WHEN next_tick_at IS NOT NULL THEN max(?3, coalesce(last_tick_at, ?3) + ?2) END
                     WHERE id = ?1",
                )?
                .execute(params![agent.to_string(), milliseconds(interval), now.0])?;
            Ok(())
        })
        .await
    }

    async fn queue_instruction(&self, instruction: Instruction) -> Result<u64, StoreError> {
        self.write(Lane::Normal, WEIGHT + instruction.text.len(), move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO instructions (id, agent_id, user_id, text, queued_at) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (id) DO NOTHING",
                )?
                .execute(params![
                    instruction.id.to_string(),
                    instruction.agent.to_string(),
                    instruction.user.to_string(),
                    instruction.text,
                    instruction.queued_at.0
                ])?;
            let waiting = connection
                .prepare_cached("SELECT count(*) FROM instructions WHERE agent_id = ?1 AND task IS NULL")?
                .query_row(params![instruction.agent.to_string()], |row| row.get(0))?;
            Ok(count(waiting))
        })
        .await
    }

    async fn waiting_instructions(&self, agent: AgentId, limit: u32) -> Result<Vec<Instruction>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, agent_id, user_id, text, queued_at FROM instructions
                 WHERE agent_id = ?1 AND task IS NULL ORDER BY queued_at, id LIMIT ?2",
            )?;
            let mut rows = statement.query(params![agent.to_string(), limit])?;
            let mut instructions = Vec::new();
            while let Some(row) = rows.next()? {
                instructions.push(instruction(row)?);
            }
            Ok(instructions)
        })
        .await
    }

    async fn clean_instructions(&self, limit: u32) -> Result<u64, StoreError> {
        self.write(Lane::Normal, WEIGHT, move |connection| {
            let deleted = connection
                .prepare_cached(
                    "DELETE FROM instructions WHERE id IN (
                         SELECT id FROM instructions WHERE task IS NOT NULL
                         AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.id = instructions.task) LIMIT ?1)",
                )?
                .execute(params![limit])?;
            Ok(deleted as u64)
        })
        .await
    }

    async fn enqueue_due_ticks(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        // Most looks find nothing, and nothing need wait for the writer then.
        if self.next_tick_due().await?.is_none_or(|due| due > now) {
            return Ok(0);
        }
        let queued =
            self.write(Lane::Normal, WEIGHT, move |connection| enqueue(connection, now, limit)).await?;
        if queued > 0 {
            self.ring();
        }
        Ok(queued)
    }

    async fn next_tick_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|connection| {
            let due: Option<i64> = connection
                .prepare_cached(
                    "SELECT min(next_tick_at) FROM agents WHERE autonomy = 1 AND status = 'active' AND paused_at IS NULL",
                )?
                .query_row([], |row| row.get(0))?;
            Ok(due.map(Timestamp))
        })
        .await
    }

    async fn is_ticking(&self, agent: AgentId) -> Result<bool, StoreError> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM tasks WHERE agent_id = ?1 AND kind = 'tick' AND state IN ('running', 'waiting'))",
                )?
                .query_row(params![agent.to_string()], |row| row.get(0))?)
        })
        .await
    }
}

fn enqueue(connection: &Connection, now: Timestamp, limit: u32) -> Outcome<u64> {
    let mut due = Vec::new();
    {
        let mut statement = connection.prepare_cached(
            "SELECT id, user_id, name, tick_interval_ms, next_tick_at, room, EXISTS (
                 SELECT 1 FROM tasks WHERE agent_id = agents.id AND kind = 'tick' AND state IN ('queued', 'running', 'waiting'))
             FROM agents WHERE autonomy = 1 AND status = 'active' AND paused_at IS NULL AND next_tick_at <= ?1
             ORDER BY next_tick_at LIMIT ?2",
        )?;
        let mut rows = statement.query(params![now.0, limit])?;
        while let Some(row) = rows.next()? {
            due.push(due_row(row)?);
        }
    }
    let mut queued = 0;
    for due in due {
        if !due.is_ticking {
            ensure_autonomous(connection, due.agent, due.room(), now)?;
            queued += u64::from(insert_task(connection, &due.task(now))?);
        }
        connection
            .prepare_cached("UPDATE agents SET next_tick_at = ?2 WHERE id = ?1")?
            .execute(params![due.agent.to_string(), due.next(now).0])?;
    }
    Ok(queued)
}

/// These instructions are this tick's and no other's.
pub(super) fn consume(connection: &Connection, agent: AgentId, task: &TaskId, ids: &[Uuid]) -> Outcome<()> {
    for id in ids {
        connection
            .prepare_cached(
                "UPDATE instructions SET task = ?3 WHERE id = ?1 AND agent_id = ?2 AND task IS NULL",
            )?
            .execute(params![id.to_string(), agent.to_string(), task.as_str()])?;
    }
    Ok(())
}

/// If the task that ends is a tick: the time of its agent's last tick, its failures in a row, and the pause after too many.
pub(super) fn end_tick(connection: &Connection, task: &TaskId, state: State, now: Timestamp) -> Outcome<()> {
    let failed = matches!(state, State::Failed | State::Quarantined);
    connection
        .prepare_cached(
            "UPDATE agents SET last_tick_at = ?2, last_seen_at = max(coalesce(last_seen_at, 0), ?2),
                 failed_ticks = CASE WHEN ?3 THEN failed_ticks + 1 WHEN ?4 THEN 0 ELSE failed_ticks END,
                 paused_at = CASE WHEN ?3 AND autonomy = 1 AND failed_ticks + 1 >= ?5 THEN coalesce(paused_at, ?2) ELSE paused_at END
             WHERE id = (SELECT agent_id FROM tasks WHERE id = ?1 AND kind = 'tick')",
        )?
        .execute(params![task.as_str(), now.0, failed, state == State::Completed, MOST_FAILED_TICKS])?;
    if failed {
        connection
            .prepare_cached(
                "INSERT INTO logs (user_id, agent_id, task, at, level, message)
                 SELECT a.user_id, a.id, t.id, ?2, 'error', ?3 FROM tasks t JOIN agents a ON a.id = t.agent_id
                 WHERE t.id = ?1 AND t.kind = 'tick' AND a.paused_at = ?2 AND a.failed_ticks = ?4",
            )?
            .execute(params![task.as_str(), now.0, log::paused(MOST_FAILED_TICKS), MOST_FAILED_TICKS])?;
    }
    Ok(())
}

/// A tick that has not begun does not begin any more; one that has completes.
pub(super) fn cancel_queued_ticks(connection: &Connection, agent: AgentId, now: Timestamp) -> Outcome<()> {
    let queued: Vec<(String, String)> = connection
        .prepare_cached(
            "SELECT id, user_id FROM tasks WHERE agent_id = ?1 AND kind = 'tick' AND state = 'queued' AND started_at IS NULL",
        )?
        .query_map(params![agent.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (id, user) in queued {
        // Nobody is told of the end of a tick, so nothing is queued by this.
        cancel_idle(connection, &parse("tasks.id", &id)?, parse("tasks.user_id", &user)?, now)?;
    }
    Ok(())
}

fn due_row(row: &Row<'_>) -> Outcome<Due> {
    let (agent, user): (String, String) = (row.get(0)?, row.get(1)?);
    let room: Option<String> = row.get(5)?;
    Ok(Due {
        agent: parse("agents.id", &agent)?,
        user: parse("agents.user_id", &user)?,
        name: row.get(2)?,
        interval_ms: row.get(3)?,
        due: Timestamp(row.get(4)?),
        room: room.as_deref().map(|room| parse("agents.room", room)).transpose()?,
        is_ticking: row.get(6)?,
    })
}

fn instruction(row: &Row<'_>) -> Outcome<Instruction> {
    let (id, agent, user): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Instruction {
        id: parse("instructions.id", &id)?,
        agent: parse("instructions.agent_id", &agent)?,
        user: parse("instructions.user_id", &user)?,
        text: row.get(3)?,
        queued_at: Timestamp(row.get(4)?),
    })
}
