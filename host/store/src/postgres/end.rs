//! Ending a task under its lease: with an outcome, or to wait.

use super::append::{Held, append};
use super::cancel::{cancel_children, tell_ends};
use super::effects::{self, insert_events};
use super::failure::Failure;
use super::row::{task, task_columns};
use super::submit::insert_tasks;
use super::ticks::end_tick;
use super::transaction::Write;
use crate::rows::{encode, failed_agent, finished_event, unreadable};
use app::ports::journal::{Append, FollowUps};
use app::ports::store_error::StoreError;
use domain::journal::LocalEffect;
use domain::task::{Kind, Lease, Outcome, Progress, State, Task, TaskFailure, Transition};
use domain::time::Timestamp;
use sqlx::Row as _;

/// End the task. Also answers whether something was queued.
pub(super) async fn finish(
    write: &mut Write,
    lease: &Lease,
    outcome: &Outcome,
    follow_ups: &FollowUps,
) -> Result<(Task, bool), Failure> {
    let mut held = append(write, lease, &follow_ups.append).await?;
    let ended = conclude(write, &mut held, outcome).await?;
    let queued = if ended.state == State::Cancelled {
        // The worker's follow-ups may tell of an outcome that did not come to be.
        let told = tell_ends(write, vec![held.task.clone()]).await?;
        cancel_children(write, &held.task).await? || told
    } else {
        let news: Vec<_> = follow_ups.tasks.iter().collect();
        !insert_tasks(write, &news).await?.is_empty()
    };
    Ok((ended, queued || held.queued))
}

/// The task waits until `wake_at`. Answers whether something was queued.
pub(super) async fn suspend(
    write: &mut Write,
    lease: &Lease,
    last: &Append,
    progress: &Progress,
    wait: i64,
) -> Result<bool, Failure> {
    let mut held = append(write, lease, last).await?;
    effects::apply(write, &mut held, &[LocalEffect::Progress(progress.clone())]).await?;
    let (state, cancelled) = lock(write, &held).await?;
    let next = after(&held, state, Transition::Suspend)?;
    // Under the lock of the task's row, which whoever decides takes first. One that nobody takes up is waited for no more than twice.
    let decided = write
        .query(
            "SELECT EXISTS (SELECT 1 FROM approvals WHERE task = $1 AND status IN ('approved', 'rejected') AND used_at IS NULL)
             AND (SELECT stalls FROM leases WHERE task = $1) < 2",
        )
        .bind(held.task.clone())
        .fetch_one(write.connection())
        .await?;
    let decided: bool = decided.try_get(0)?;
    held.save(write).await?;
    write
        .query(
            "UPDATE tasks SET state = $2, wake_at = $3, strikes = CASE WHEN $4 THEN 0 ELSE strikes END WHERE id = $1",
        )
        .bind(held.task.clone())
        .bind(next.as_str())
        // A cancel or a decision that came while it ran must not wait for the timer: a worker ends it.
        .bind(write.now().0.saturating_add(if cancelled || decided { wait.min(0) } else { wait }))
        .bind(held.progressed())
        .execute(write.connection())
        .await?;
    write
        .query("UPDATE leases SET host = NULL, stalls = stalls + 1 WHERE task = $1")
        .bind(held.task.clone())
        .execute(write.connection())
        .await?;
    Ok(held.queued)
}

/// Lock the task's row: whichever of cancel and outcome commits first wins. Answers its state and whether it is to be cancelled.
async fn lock(write: &mut Write, held: &Held) -> Result<(State, bool), Failure> {
    let row = write
        .query("SELECT state, cancel_requested FROM tasks WHERE id = $1 FOR NO KEY UPDATE")
        .bind(held.task.clone())
        .fetch_one(write.connection())
        .await?;
    let state: String = row.try_get("state")?;
    let state = State::parse(&state).ok_or_else(|| unreadable("tasks.state", &state, &"unknown state"))?;
    Ok((state, row.try_get("cancel_requested")?))
}

async fn conclude(write: &mut Write, held: &mut Held, outcome: &Outcome) -> Result<Task, Failure> {
    let (state, cancelled) = lock(write, held).await?;
    let outcome = if cancelled { &Outcome::Cancelled } else { outcome };
    let state = after(held, state, outcome.transition())?;
    insert_events(write, held, &[finished_event(state)]).await?;
    let (output, failure): (Option<String>, Option<&TaskFailure>) = match outcome {
        Outcome::Completed(output) => (Some(encode(output)?), None),
        Outcome::Failed(failure) => (None, Some(failure)),
        Outcome::Cancelled => (None, None),
    };
    let row = write
        .query(concat!(
            "UPDATE tasks t SET state = $2, output = $3, failure = $4, failed_agent = $5, completed_at = $6, wake_at = NULL,
                 percent = CASE WHEN $2 = 'completed' THEN 100 ELSE percent END
             WHERE id = $1 RETURNING ",
            task_columns!()
        ))
        .bind(held.task.clone())
        .bind(state.as_str())
        .bind(output)
        .bind(failure.map(encode).transpose()?)
        .bind(failed_agent(outcome).map(str::to_owned))
        .bind(write.now().0)
        .fetch_one(write.connection())
        .await?;
    write
        .query("DELETE FROM leases WHERE task = $1")
        .bind(held.task.clone())
        .execute(write.connection())
        .await?;
    let task = task(&row)?;
    if task.new.kind == Kind::Tick {
        end_tick(write, vec![held.task.clone()], task.state).await?;
    }
    Ok(task)
}

fn after(held: &Held, state: State, transition: Transition) -> Result<State, StoreError> {
    state.after(transition).map_err(|illegal| StoreError::Conflict(format!("{}: {illegal}", held.task)))
}

/// How long to wait by the caller's clock; the database's may differ.
pub(super) fn wait(wake_at: Timestamp, now: Timestamp) -> i64 {
    wake_at.0.saturating_sub(now.0)
}
