//! The journal: every method passes the fence first.

use super::SqliteStore;
use super::append::append;
use super::effects::{Applied, show_progress};
use super::end::{End, cancel_family, end_task, tell_end};
use super::fence::{let_go, pass, record};
use super::insert::insert_task;
use super::row::get_task;
use super::writer::Lane;
use crate::rows::entry_of;
use app::ports::journal::{Append, FollowUps, Journal};
use app::ports::store_error::StoreError;
use domain::journal::Entry;
use domain::task::{Lease, Outcome as TaskOutcome, Progress, Task, Transition};
use domain::time::Timestamp;
use rusqlite::{Connection, params};

/// Roughly the bytes of an append; entries above the inline limit are blobs, so this is not far off.
fn weight(append: &Append) -> usize {
    1024 + 2048 * (append.entries.len() + append.effects.len())
}

#[async_trait::async_trait]
impl Journal for SqliteStore {
    async fn load_entries(&self, lease: &Lease) -> Result<Vec<Entry>, StoreError> {
        let (lease, now, fencing) = (lease.clone(), self.now(), self.fencing());
        self.read(move |connection| {
            pass(connection, &lease, now, fencing)?;
            let mut statement = connection.prepare_cached(
                "SELECT scope, ordinal, at, body FROM entries WHERE task = ?1 ORDER BY pos",
            )?;
            let mut rows = statement.query(params![lease.task.as_str()])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let (scope, body): (String, String) = (row.get(0)?, row.get(3)?);
                entries.push(entry_of(&scope, row.get(1)?, row.get(2)?, &body)?);
            }
            Ok(entries)
        })
        .await
    }

    async fn append(&self, lease: &Lease, batch: Append, now: Timestamp) -> Result<i64, StoreError> {
        let (lease, fencing, weight) = (lease.clone(), self.fencing(), weight(&batch));
        let work = move |connection: &Connection| {
            let mut fenced = pass(connection, &lease, now, fencing)?;
            let applied = append(connection, &lease, &mut fenced, &batch, now)?;
            Ok((fenced.pos, applied))
        };
        let (pos, applied) = self.write(Lane::Normal, weight, work).await?;
        self.after(applied);
        Ok(pos)
    }

    async fn finish(
        &self,
        lease: &Lease,
        outcome: TaskOutcome,
        follow_ups: FollowUps,
        now: Timestamp,
    ) -> Result<Task, StoreError> {
        let (lease, fencing, weight) = (lease.clone(), self.fencing(), weight(&follow_ups.append));
        let work = move |connection: &Connection| {
            let mut fenced = pass(connection, &lease, now, fencing)?;
            let task = get_task(connection, &lease.task)?;
            // Whichever of cancel and finish commits first wins.
            let outcome = if task.cancel_requested { &TaskOutcome::Cancelled } else { &outcome };
            let state = task.state.after(outcome.transition()).map_err(conflict)?;
            let mut applied = append(connection, &lease, &mut fenced, &follow_ups.append, now)?;
            let (output, failure) = match outcome {
                TaskOutcome::Completed(output) => (Some(output), None),
                TaskOutcome::Failed(failure) => (None, Some(failure)),
                TaskOutcome::Cancelled => (None, None),
            };
            let end =
                End { task: &lease.task, user: fenced.user, state, output, failure, pos: fenced.pos, now };
            end_task(connection, &end)?;
            if *outcome == TaskOutcome::Cancelled {
                // The worker's follow-ups may tell of an outcome that did not come to be.
                applied.queued |= tell_end(connection, &lease.task)?;
                applied.queued |= cancel_family(connection, &lease.task, now)?;
            } else {
                for follow_up in &follow_ups.tasks {
                    applied.queued |= insert_task(connection, follow_up)?;
                }
            }
            Ok((get_task(connection, &lease.task)?, applied))
        };
        let (task, applied) = self.write(Lane::First, weight, work).await?;
        self.after(applied);
        Ok(task)
    }

    async fn suspend(
        &self,
        lease: &Lease,
        batch: Append,
        progress: Progress,
        wake_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (lease, fencing, weight) = (lease.clone(), self.fencing(), weight(&batch));
        let work = move |connection: &Connection| {
            let mut fenced = pass(connection, &lease, now, fencing)?;
            let task = get_task(connection, &lease.task)?;
            let state = task.state.after(Transition::Suspend).map_err(conflict)?;
            let applied = append(connection, &lease, &mut fenced, &batch, now)?;
            show_progress(connection, &lease.task, &mut fenced, &progress, now)?;
            record(connection, &lease, &fenced)?;
            // A cancel that came while it ran must not wait for the timer: a worker ends it.
            // Neither must a decision that came meanwhile; one that nobody takes up is waited for no more than twice.
            let decided: bool = connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM approvals WHERE task = ?1 AND status IN ('approved', 'rejected')
                                    AND used_at IS NULL AND expires_at > ?2)
                     AND (SELECT stalls FROM leases WHERE task = ?1) < 2",
                )?
                .query_row(params![lease.task.as_str(), now.0], |row| row.get(0))?;
            let wake_at = if task.cancel_requested || decided { wake_at.min(now) } else { wake_at };
            connection
                .prepare_cached(
                    "UPDATE tasks SET state = ?2, wake_at = ?3, strikes = CASE WHEN ?4 THEN 0 ELSE strikes END WHERE id = ?1",
                )?
                .execute(params![lease.task.as_str(), state.as_str(), wake_at.0, fenced.progressed()])?;
            connection
                .prepare_cached("UPDATE leases SET stalls = stalls + 1 WHERE task = ?1")?
                .execute(params![lease.task.as_str()])?;
            let_go(connection, &lease.task)?;
            Ok(applied)
        };
        let applied: Applied = self.write(Lane::First, weight, work).await?;
        self.after(applied);
        Ok(())
    }
}

/// A transition that the state does not allow.
pub(super) fn conflict(error: domain::task::IllegalTransition) -> StoreError {
    StoreError::Conflict(error.to_string())
}
