//! Cancelling: a task and what it started.

use super::failure::Failure;
use super::row::{task, task_columns, tasks};
use super::submit::insert_tasks;
use super::ticks::end_tick;
use super::transaction::Write;
use app::ports::tasks::CancelOutcome;
use domain::id::{AgentId, TaskId, UserId};
use domain::rigor::notice::cut_short;
use domain::task::{NewTask, State};
use sqlx::Row as _;

/// Cancel a task of a user and its children; nothing when it is not there. Also answers whether something was queued.
pub(super) async fn cancel(
    write: &mut Write,
    user: UserId,
    id: &TaskId,
) -> Result<(Option<CancelOutcome>, bool), Failure> {
    let locked = write
        .query(concat!(
            "SELECT ",
            task_columns!(),
            " FROM tasks t WHERE t.id = $1 AND t.user_id = $2 FOR UPDATE"
        ))
        .bind(id.to_string())
        .bind(user.to_string())
        .fetch_optional(write.connection())
        .await?;
    let Some(row) = locked else { return Ok((None, false)) };
    let before = task(&row)?;
    if before.state.is_finished() {
        return Ok((Some(CancelOutcome::Finished(before)), false));
    }
    write.identify().await?;
    let mut queued = cancel_children(write, id.as_str()).await?;
    queued |= cancel_these(write, vec![id.to_string()]).await?;
    let row = write
        .query(concat!("SELECT ", task_columns!(), " FROM tasks t WHERE t.id = $1"))
        .bind(id.to_string())
        .fetch_one(write.connection())
        .await?;
    let task = task(&row)?;
    let outcome = match before.state {
        State::Running => CancelOutcome::Requested(task),
        State::Queued
        | State::Waiting
        | State::Completed
        | State::Failed
        | State::Cancelled
        | State::Quarantined => CancelOutcome::Cancelled(task),
    };
    Ok((Some(outcome), queued))
}

/// Cancel everything below a task. Answers whether something was queued.
pub(super) async fn cancel_children(write: &mut Write, parent: &str) -> Result<bool, Failure> {
    let rows = write
        .query(
            "WITH RECURSIVE tree AS (
                 SELECT id FROM tasks WHERE parent = $1
                 UNION SELECT t.id FROM tasks t JOIN tree ON t.parent = tree.id
             )
             SELECT t.id FROM tasks t JOIN tree USING (id) WHERE t.state IN ('queued', 'waiting', 'running')",
        )
        .bind(parent.to_owned())
        .fetch_all(write.connection())
        .await?;
    if rows.is_empty() {
        return Ok(false);
    }
    let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    cancel_these(write, ids).await
}

/// Cancel every task of an agent that has not ended, and everything below. Answers whether something was queued.
pub(super) async fn cancel_of_agent(write: &mut Write, agent: AgentId) -> Result<bool, Failure> {
    let rows = write
        .query(
            "SELECT id FROM tasks WHERE agent_id = $1 AND state IN ('queued', 'waiting', 'running') AND kind <> 'webhook'",
        )
        .bind(agent.to_string())
        .fetch_all(write.connection())
        .await?;
    let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    let mut queued = false;
    for id in &ids {
        queued |= cancel_children(write, id).await?;
    }
    Ok(cancel_these(write, ids).await? || queued)
}

/// Those that nobody runs end now, the others are asked to. Answers whether something was queued.
pub(super) async fn cancel_these(write: &mut Write, ids: Vec<String>) -> Result<bool, Failure> {
    // One order of locks; the states that follow are those under the lock.
    write
        .query("SELECT id FROM tasks WHERE id = ANY($1) ORDER BY id FOR UPDATE")
        .bind(ids.clone())
        .execute(write.connection())
        .await?;
    let rows = write
        .query(
            "WITH ended AS (
                 UPDATE tasks SET state = 'cancelled', cancel_requested = true, completed_at = $2, wake_at = NULL
                 WHERE id = ANY($1) AND state IN ('queued', 'waiting') RETURNING id, user_id
             ), released AS (
                 DELETE FROM leases USING ended WHERE leases.task = ended.id RETURNING leases.task, leases.pos
             )
             INSERT INTO events (task, pos, user_id, at, event, data)
             SELECT ended.id, coalesce(released.pos, 0) + 1, ended.user_id, $2, 'task.cancelled', 'null'
             FROM ended LEFT JOIN released ON released.task = ended.id RETURNING task",
        )
        .bind(ids.clone())
        .bind(write.now().0)
        .fetch_all(write.connection())
        .await?;
    let ended = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    if !ended.is_empty() {
        end_tick(write, ended.clone(), State::Cancelled).await?;
    }
    write
        .query("UPDATE tasks SET cancel_requested = true WHERE id = ANY($1) AND state = 'running'")
        .bind(ids)
        .execute(write.connection())
        .await?;
    tell_ends(write, ended).await
}

/// Queue the deliveries of the ends of tasks that were cancelled or quarantined. Answers whether there are any.
pub(super) async fn tell_ends(write: &mut Write, ended: Vec<String>) -> Result<bool, Failure> {
    if ended.is_empty() {
        return Ok(false);
    }
    let rows = write
        .query(concat!("SELECT ", task_columns!(), " FROM tasks t WHERE t.id = ANY($1)"))
        .bind(ended)
        .fetch_all(write.connection())
        .await?;
    let deliveries: Vec<NewTask> = tasks(&rows)?.iter().filter_map(cut_short).collect();
    Ok(!insert_tasks(write, &deliveries.iter().collect::<Vec<_>>()).await?.is_empty())
}
