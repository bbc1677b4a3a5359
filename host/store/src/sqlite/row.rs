//! Reading rows.

use super::failure::Outcome;
use crate::rows::{TaskRow, parse};
use app::ports::store_error::StoreError;
use domain::id::{Digest, TaskId};
use domain::task::Task;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// The columns that [`task_row`] reads, in its order.
macro_rules! task_columns {
    () => {
        "id, parent, user_id, agent_id, kind, driver, priority, input, estimate_key, created_at, state, percent, current_agent, \
         current_phase, completed_phases, output, failure, started_at, completed_at, wake_at, deliveries, strikes, cancel_requested, \
         at_work"
    };
}
pub(super) use task_columns;

/// A task from a row of [`task_columns`].
pub(super) fn task_row(row: &Row<'_>) -> Outcome<Task> {
    let user: String = row.get(2)?;
    let agent: String = row.get(3)?;
    let task = TaskRow {
        id: row.get(0)?,
        parent: row.get(1)?,
        user_id: parse("tasks.user_id", &user)?,
        agent_id: parse("tasks.agent_id", &agent)?,
        kind: row.get(4)?,
        driver: row.get(5)?,
        priority: row.get(6)?,
        input: row.get(7)?,
        estimate_key: row.get(8)?,
        created_at: row.get(9)?,
        state: row.get(10)?,
        percent: row.get(11)?,
        current_agent: row.get(12)?,
        current_phase: row.get(13)?,
        completed_phases: row.get(14)?,
        output: row.get(15)?,
        failure: row.get(16)?,
        started_at: row.get(17)?,
        completed_at: row.get(18)?,
        wake_at: row.get(19)?,
        deliveries: row.get(20)?,
        strikes: row.get(21)?,
        cancel_requested: row.get(22)?,
        at_work: row.get(23)?,
    };
    Ok(task.into_task()?)
}

/// The task with this id, whoever owns it.
pub(super) fn find_task(connection: &Connection, id: &TaskId) -> Outcome<Option<Task>> {
    let mut statement =
        connection.prepare_cached(concat!("SELECT ", task_columns!(), " FROM tasks WHERE id = ?1"))?;
    let mut rows = statement.query(params![id.as_str()])?;
    rows.next()?.map(task_row).transpose()
}

/// The task that must be there.
pub(super) fn get_task(connection: &Connection, id: &TaskId) -> Outcome<Task> {
    Ok(find_task(connection, id)?.ok_or_else(|| StoreError::NotFound(format!("there is no task {id}")))?)
}

/// A digest from a column of 32 bytes.
pub(super) fn digest(bytes: &[u8]) -> Outcome<Digest> {
    let bytes =
        bytes.try_into().map_err(|_| StoreError::Internal(format!("a digest has {} bytes", bytes.len())))?;
    Ok(Digest(bytes))
}

/// The last position that an entry or event of the task has.
pub(super) fn last_pos(connection: &Connection, id: &TaskId) -> Outcome<i64> {
    let pos: Option<i64> = connection
        .prepare_cached(
            "SELECT max((SELECT coalesce(max(pos), 0) FROM entries WHERE task = ?1),
                        (SELECT coalesce(max(pos), 0) FROM events WHERE task = ?1))",
        )?
        .query_row(params![id.as_str()], |row| row.get(0))
        .optional()?;
    Ok(pos.unwrap_or(0))
}

/// The running tasks of a user or agent; `condition` is a constant of the caller, never anybody's text.
pub(super) fn running_tasks(
    connection: &Connection,
    condition: &'static str,
    owner: &str,
) -> Outcome<Vec<TaskId>> {
    let ids: Vec<String> = connection
        .prepare_cached(&format!("SELECT id FROM tasks WHERE {condition} AND state = 'running' ORDER BY id"))?
        .query_map(params![owner], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids.iter().map(|id| parse("tasks.id", id)).collect::<Result<_, StoreError>>()?)
}
