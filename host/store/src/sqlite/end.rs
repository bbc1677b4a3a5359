//! Ending tasks: by an outcome, by a cancel, by quarantine.

use super::failure::Outcome;
use super::insert::{insert_event, insert_task};
use super::row::{get_task, last_pos};
use super::ticks::end_tick;
use crate::rows::{encode, finished_event, parse};
use domain::id::{AgentId, TaskId, UserId};
use domain::rigor::notice::cut_short;
use domain::task::{State, TaskFailure};
use domain::time::Timestamp;
use rusqlite::{Connection, params};
use serde_json::Value;

/// The end of a task. `state` has been asked of `State::after`.
pub(super) struct End<'a> {
    pub(super) task: &'a TaskId,
    pub(super) user: UserId,
    pub(super) state: State,
    pub(super) output: Option<&'a Value>,
    pub(super) failure: Option<&'a TaskFailure>,
    /// The last position of the task.
    pub(super) pos: i64,
    pub(super) now: Timestamp,
}

/// Write an end with its event; the lease ends.
pub(super) fn end_task(connection: &Connection, end: &End<'_>) -> Outcome<()> {
    connection
        .prepare_cached(
            "UPDATE tasks SET state = ?2, output = ?3, failure = ?4, failed_agent = ?5, completed_at = ?6, wake_at = NULL,
             percent = CASE WHEN ?2 = 'completed' THEN 100 ELSE percent END WHERE id = ?1",
        )?
        .execute(params![
            end.task.as_str(),
            end.state.as_str(),
            end.output.map(encode).transpose()?,
            end.failure.map(encode).transpose()?,
            end.failure.and_then(|failure| failure.agent.as_deref()),
            end.now.0,
        ])?;
    end_tick(connection, end.task, end.state, end.now)?;
    insert_event(connection, end.task, end.user, end.pos + 1, end.now, &finished_event(end.state))?;
    // Nobody claims it again, so its token need not be kept.
    connection.prepare_cached("DELETE FROM leases WHERE task = ?1")?.execute(params![end.task.as_str()])?;
    Ok(())
}

/// Queue the delivery of the end of a task that was cancelled or quarantined. Answers whether there is one.
pub(super) fn tell_end(connection: &Connection, task: &TaskId) -> Outcome<bool> {
    match cut_short(&get_task(connection, task)?) {
        Some(delivery) => insert_task(connection, &delivery),
        None => Ok(false),
    }
}

/// Cancel a task that nobody runs, and everything that it has started. Answers whether something was queued.
pub(super) fn cancel_idle(
    connection: &Connection,
    task: &TaskId,
    user: UserId,
    now: Timestamp,
) -> Outcome<bool> {
    connection
        .prepare_cached("UPDATE tasks SET cancel_requested = 1 WHERE id = ?1")?
        .execute(params![task.as_str()])?;
    let pos = last_pos(connection, task)?;
    end_task(
        connection,
        &End { task, user, state: State::Cancelled, output: None, failure: None, pos, now },
    )?;
    let told = tell_end(connection, task)?;
    Ok(cancel_family(connection, task, now)? || told)
}

/// Cancel everything that the task has started, and what that has started. Running ones are asked. Answers whether something was queued.
pub(super) fn cancel_family(connection: &Connection, task: &TaskId, now: Timestamp) -> Outcome<bool> {
    let family: Vec<(String, String, String)> = connection
        .prepare_cached(
            "WITH RECURSIVE family (id, state, user_id) AS (
                 SELECT id, state, user_id FROM tasks WHERE parent = ?1
                 UNION SELECT tasks.id, tasks.state, tasks.user_id FROM tasks JOIN family ON tasks.parent = family.id)
             SELECT id, state, user_id FROM family WHERE state IN ('queued', 'running', 'waiting')",
        )?
        .query_map(params![task.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut queued = false;
    for (id, state, user) in family {
        connection
            .prepare_cached("UPDATE tasks SET cancel_requested = 1 WHERE id = ?1")?
            .execute(params![id])?;
        if state != State::Running.as_str() {
            let (task, user) = (&parse("tasks.id", &id)?, parse("tasks.user_id", &user)?);
            let pos = last_pos(connection, task)?;
            end_task(
                connection,
                &End { task, user, state: State::Cancelled, output: None, failure: None, pos, now },
            )?;
            queued |= tell_end(connection, task)?;
        }
    }
    Ok(queued)
}

/// Cancel every task of an agent that has not ended, but not the news of those that have. Running ones are asked. Answers whether
/// something was queued.
pub(super) fn cancel_agent_tasks(connection: &Connection, agent: AgentId, now: Timestamp) -> Outcome<bool> {
    let unfinished: Vec<(String, String, String)> = connection
        .prepare_cached(
            "SELECT id, state, user_id FROM tasks WHERE agent_id = ?1 AND state IN ('queued', 'running', 'waiting')
             AND kind <> 'webhook'",
        )?
        .query_map(params![agent.to_string()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut queued = false;
    for (id, state, user) in unfinished {
        let (task, user) = (&parse("tasks.id", &id)?, parse("tasks.user_id", &user)?);
        if state == State::Running.as_str() {
            connection
                .prepare_cached("UPDATE tasks SET cancel_requested = 1 WHERE id = ?1")?
                .execute(params![id])?;
            queued |= cancel_family(connection, task, now)?;
        } else {
            queued |= cancel_idle(connection, task, user, now)?;
        }
    }
    Ok(queued)
}
