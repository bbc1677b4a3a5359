//! Rows that several operations insert: tasks and events.

use super::failure::Outcome;
use crate::rows::{TaskRow, encode};
use domain::event::EventBody;
use domain::id::{TaskId, UserId};
use domain::task::NewTask;
use domain::time::Timestamp;
use rusqlite::{Connection, params};

/// Insert a queued task; false when its id is there already.
pub(super) fn insert_task(connection: &Connection, new: &NewTask) -> Outcome<bool> {
    insert_row(connection, &TaskRow::queued(new)?)
}

/// The same with a row that was made before.
pub(super) fn insert_row(connection: &Connection, row: &TaskRow) -> Outcome<bool> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO tasks (id, parent, user_id, agent_id, kind, driver, priority, input, estimate_key, created_at, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING",
    )?;
    let inserted = statement.execute(params![
        row.id,
        row.parent,
        row.user_id.to_string(),
        row.agent_id.to_string(),
        row.kind,
        row.driver,
        row.priority,
        row.input,
        row.estimate_key,
        row.created_at,
        row.state,
    ])?;
    Ok(inserted == 1)
}

/// Insert a durable event at `pos`.
pub(super) fn insert_event(
    connection: &Connection,
    task: &TaskId,
    user: UserId,
    pos: i64,
    at: Timestamp,
    body: &EventBody,
) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO events (task, pos, user_id, at, event, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![task.as_str(), pos, user.to_string(), at.0, body.event, encode(&body.data)?])?;
    Ok(())
}
