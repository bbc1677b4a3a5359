//! Rows of PostgreSQL as words of the domain.

use super::failure::Failure;
use crate::rows::{TaskRow, parse};
use app::ports::store_error::StoreError;
use domain::id::{Digest, TaskId};
use domain::task::Task;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// `SELECT` list for [`task`]; the table is called `t`.
macro_rules! task_columns {
    () => {
        "t.id, t.parent, t.user_id, t.agent_id, t.kind, t.driver, t.priority, t.input, t.estimate_key, t.created_at,
         t.state, t.percent, t.current_agent, t.current_phase, t.completed_phases, t.output, t.failure, t.started_at,
         t.completed_at, t.wake_at, t.deliveries, t.strikes, t.cancel_requested, t.at_work"
    };
}
pub(super) use task_columns;

/// The task of a row with `task_columns!()`.
pub(super) fn task(row: &PgRow) -> Result<Task, Failure> {
    let user: String = row.try_get("user_id")?;
    let agent: String = row.try_get("agent_id")?;
    let row = TaskRow {
        id: row.try_get("id")?,
        parent: row.try_get("parent")?,
        user_id: parse("tasks.user_id", &user)?,
        agent_id: parse("tasks.agent_id", &agent)?,
        kind: row.try_get("kind")?,
        driver: row.try_get("driver")?,
        priority: row.try_get("priority")?,
        input: row.try_get("input")?,
        estimate_key: row.try_get("estimate_key")?,
        created_at: row.try_get("created_at")?,
        state: row.try_get("state")?,
        percent: row.try_get("percent")?,
        current_agent: row.try_get("current_agent")?,
        current_phase: row.try_get("current_phase")?,
        completed_phases: row.try_get("completed_phases")?,
        output: row.try_get("output")?,
        failure: row.try_get("failure")?,
        started_at: row.try_get("started_at")?,
        completed_at: row.try_get("completed_at")?,
        wake_at: row.try_get("wake_at")?,
        deliveries: row.try_get("deliveries")?,
        strikes: row.try_get("strikes")?,
        cancel_requested: row.try_get("cancel_requested")?,
        at_work: row.try_get("at_work")?,
    };
    Ok(row.into_task()?)
}

/// All tasks of some rows.
pub(super) fn tasks(rows: &[PgRow]) -> Result<Vec<Task>, Failure> {
    rows.iter().map(task).collect()
}

/// The digest in a column.
pub(super) fn digest(row: &PgRow, column: &str) -> Result<Digest, Failure> {
    let bytes: Vec<u8> = row.try_get(column)?;
    let length = bytes.len();
    let digest = bytes
        .try_into()
        .map_err(|_| StoreError::Internal(format!("column {column} holds {length} bytes, not a sha256")))?;
    Ok(Digest(digest))
}

/// A digest for a column.
pub(super) fn bytes(digest: &Digest) -> Vec<u8> {
    digest.0.to_vec()
}

/// The ids of tasks in the column `id`.
pub(super) fn task_ids(rows: &[PgRow]) -> Result<Vec<TaskId>, Failure> {
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<String>, _>>()?;
    Ok(ids.iter().map(|id| parse("tasks.id", id)).collect::<Result<_, StoreError>>()?)
}
