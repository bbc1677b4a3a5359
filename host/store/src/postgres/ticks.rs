//! The port `Ticks`.

use super::PostgresStore;
use super::agents::{BY_ID, find as find_agent};
use super::cancel::cancel_these;
use super::failure::Failure;
use super::rooms::insert_room;
use super::submit::insert_tasks;
use super::transaction::{Write, transact};
use crate::rows::{Due, count, milliseconds, parse, text_of};
use app::ports::store_error::StoreError;
use app::ports::ticks::{Instruction, Ticks};
use domain::agent::{Agent, MOST_FAILED_TICKS};
use domain::id::AgentId;
use domain::log;
use domain::room::{Room, RoomKind};
use domain::task::{NewTask, State};
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::time::Duration;
use uuid::Uuid;

#[async_trait::async_trait]
impl Ticks for PostgresStore {
    async fn set_autonomy(
        &self,
        agent: AgentId,
        enabled: bool,
        _now: Timestamp,
    ) -> Result<Option<Agent>, StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            let statement = if enabled {
                "UPDATE agents SET autonomy = true, failed_ticks = 0, paused_at = NULL,
                     next_tick_at = CASE WHEN status = 'active' THEN skep_now() END
                 WHERE id = $1 AND (NOT autonomy OR paused_at IS NOT NULL OR (status = 'active' AND next_tick_at IS NULL))"
            } else {
                "UPDATE agents SET autonomy = false, next_tick_at = NULL WHERE id = $1"
            };
            write.query(statement).bind(agent.to_string()).execute(write.connection()).await?;
            if !enabled {
                cancel_queued_ticks(&mut write, agent).await?;
            }
            find_agent(&mut write, BY_ID, vec![agent.to_string()]).await
        })
    }

    async fn set_interval(
        &self,
        agent: AgentId,
        interval: Duration,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write
                .query(
                    "UPDATE agents SET tick_interval_ms = $2,
                         next_tick_at = CASE WHEN next_tick_at IS NOT NULL
                             THEN greatest(skep_now(), coalesce(last_tick_at, skep_now()) + $2) END
                     WHERE id = $1",
                )
                .bind(agent.to_string())
                .bind(milliseconds(interval))
                .execute(write.connection())
                .await?;
            Ok(())
        })
    }

    async fn queue_instruction(&self, instruction: Instruction) -> Result<u64, StoreError> {
        transact!(self.database(), write => async {
            write
                .query(
                    "INSERT INTO instructions (id, agent_id, user_id, text, queued_at) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (id) DO NOTHING",
                )
                .bind(instruction.id.to_string())
                .bind(instruction.agent.to_string())
                .bind(instruction.user.to_string())
                .bind(instruction.text.as_bytes().to_vec())
                .bind(instruction.queued_at.0)
                .execute(write.connection())
                .await?;
            let row = write
                .query("SELECT count(*) FROM instructions WHERE agent_id = $1 AND task IS NULL")
                .bind(instruction.agent.to_string())
                .fetch_one(write.connection())
                .await?;
            Ok(count(row.try_get(0)?))
        })
    }

    async fn waiting_instructions(&self, agent: AgentId, limit: u32) -> Result<Vec<Instruction>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT id, agent_id, user_id, text, queued_at FROM instructions
                     WHERE agent_id = $1 AND task IS NULL ORDER BY queued_at, id LIMIT $2",
                )
                .bind(agent.to_string())
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(instruction_of).collect()
        })
    }

    async fn clean_instructions(&self, limit: u32) -> Result<u64, StoreError> {
        transact!(self.database(), write => async {
            let deleted = write
                .query(
                    "DELETE FROM instructions WHERE id IN (
                         SELECT i.id FROM instructions i WHERE i.task IS NOT NULL
                         AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = i.task) LIMIT $1)",
                )
                .bind(i64::from(limit))
                .execute(write.connection())
                .await?;
            Ok(deleted.rows_affected())
        })
    }

    async fn enqueue_due_ticks(&self, _now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let queued = transact!(self.database(), write => enqueue(&mut write, limit))?;
        self.signal().raise_if(queued > 0);
        Ok(queued)
    }

    async fn next_tick_due(&self) -> Result<Option<Timestamp>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query("SELECT min(next_tick_at) FROM agents WHERE autonomy AND status = 'active' AND paused_at IS NULL")
                .fetch_one(write.connection())
                .await?;
            Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp))
        })
    }

    async fn is_ticking(&self, agent: AgentId) -> Result<bool, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(
                    "SELECT EXISTS (SELECT 1 FROM tasks WHERE agent_id = $1 AND kind = 'tick' AND state IN ('running', 'waiting'))",
                )
                .bind(agent.to_string())
                .fetch_one(write.connection())
                .await?;
            Ok(row.try_get(0)?)
        })
    }
}

/// Agents that another host looks after now are skipped.
async fn enqueue(write: &mut Write, limit: u32) -> Result<u64, Failure> {
    let rows = write
        .query(
            "SELECT a.id, a.user_id, a.name, a.tick_interval_ms, a.next_tick_at, a.room, EXISTS (
                 SELECT 1 FROM tasks t WHERE t.agent_id = a.id AND t.kind = 'tick' AND t.state IN ('queued', 'running', 'waiting')
             ) AS is_ticking
             FROM agents a WHERE a.autonomy AND a.status = 'active' AND a.paused_at IS NULL AND a.next_tick_at <= (SELECT skep_now())
             ORDER BY a.next_tick_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED",
        )
        .bind(i64::from(limit))
        .fetch_all(write.connection())
        .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    write.identify().await?;
    let now = write.now();
    let due = rows.iter().map(due_of).collect::<Result<Vec<_>, _>>()?;
    let begins: Vec<&Due> = due.iter().filter(|due| !due.is_ticking).collect();
    for due in begins.iter().filter(|due| due.room.is_none()) {
        let (id, kind) = (due.room(), RoomKind::Autonomy);
        insert_room(write, &Room { id, user: due.user, agent: due.agent, kind, created_at: now }).await?;
    }
    write
        .query(
            "UPDATE agents SET next_tick_at = d.next, room = coalesce(agents.room, d.room)
             FROM unnest($1::text[], $2::bigint[], $3::text[]) AS d (id, next, room) WHERE agents.id = d.id",
        )
        .bind(due.iter().map(|due| due.agent.to_string()).collect::<Vec<_>>())
        .bind(due.iter().map(|due| due.next(now).0).collect::<Vec<_>>())
        .bind(
            due.iter()
                .map(|due| (!due.is_ticking).then(|| due.room().to_string()))
                .collect::<Vec<Option<String>>>(),
        )
        .execute(write.connection())
        .await?;
    let news: Vec<NewTask> = begins.iter().map(|due| due.task(now)).collect();
    let inserted = insert_tasks(write, &news.iter().collect::<Vec<_>>()).await?;
    Ok(inserted.len() as u64)
}

/// If the task that ends is a tick: the time of its agent's last tick, its failures in a row, and the pause after too many.
pub(super) async fn end_tick(write: &mut Write, tasks: Vec<String>, state: State) -> Result<(), Failure> {
    let failed = matches!(state, State::Failed | State::Quarantined);
    write
        .query(
            "UPDATE agents a SET last_tick_at = $2, last_seen_at = greatest(a.last_seen_at, $2),
                 failed_ticks = CASE WHEN $3 THEN a.failed_ticks + 1 WHEN $4 THEN 0 ELSE a.failed_ticks END,
                 paused_at = CASE WHEN $3 AND a.autonomy AND a.failed_ticks + 1 >= $5 THEN coalesce(a.paused_at, $2) ELSE a.paused_at END
             FROM tasks t WHERE t.id = ANY($1) AND t.kind = 'tick' AND a.id = t.agent_id",
        )
        .bind(tasks.clone())
        .bind(write.now().0)
        .bind(failed)
        .bind(state == State::Completed)
        .bind(i64::from(MOST_FAILED_TICKS))
        .execute(write.connection())
        .await?;
    if failed {
        write
            .query(
                "INSERT INTO logs (user_id, agent_id, task, at, level, message)
                 SELECT a.user_id, a.id, t.id, $2, 'error', $3 FROM tasks t JOIN agents a ON a.id = t.agent_id
                 WHERE t.id = ANY($1) AND t.kind = 'tick' AND a.paused_at = $2 AND a.failed_ticks = $4",
            )
            .bind(tasks)
            .bind(write.now().0)
            .bind(log::paused(MOST_FAILED_TICKS).into_bytes())
            .bind(i64::from(MOST_FAILED_TICKS))
            .execute(write.connection())
            .await?;
    }
    Ok(())
}

/// A tick that has not begun does not begin any more; one that has completes.
pub(super) async fn cancel_queued_ticks(write: &mut Write, agent: AgentId) -> Result<(), Failure> {
    let rows = write
        .query(
            "SELECT id FROM tasks WHERE agent_id = $1 AND kind = 'tick' AND state = 'queued' AND started_at IS NULL FOR UPDATE",
        )
        .bind(agent.to_string())
        .fetch_all(write.connection())
        .await?;
    let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    if !ids.is_empty() {
        // Nobody is told of the end of a tick, so nothing is queued by this.
        cancel_these(write, ids).await?;
    }
    Ok(())
}

fn due_of(row: &PgRow) -> Result<Due, Failure> {
    let (agent, user): (String, String) = (row.try_get("id")?, row.try_get("user_id")?);
    let room: Option<String> = row.try_get("room")?;
    Ok(Due {
        agent: parse("agents.id", &agent)?,
        user: parse("agents.user_id", &user)?,
        name: row.try_get("name")?,
        interval_ms: row.try_get("tick_interval_ms")?,
        due: Timestamp(row.try_get("next_tick_at")?),
        room: room.as_deref().map(|room| parse("agents.room", room)).transpose()?,
        is_ticking: row.try_get("is_ticking")?,
    })
}

fn instruction_of(row: &PgRow) -> Result<Instruction, Failure> {
    let (id, agent, user): (String, String, String) =
        (row.try_get("id")?, row.try_get("agent_id")?, row.try_get("user_id")?);
    let id: Uuid = parse("instructions.id", &id)?;
    Ok(Instruction {
        id,
        agent: parse("instructions.agent_id", &agent)?,
        user: parse("instructions.user_id", &user)?,
        text: text_of("instructions.text", row.try_get("text")?)?,
        queued_at: Timestamp(row.try_get("queued_at")?),
    })
}
