//! `POST /v1/agents/tasks/{taskId}/cancel`.

use crate::context::App;
use crate::live::Signal;
use crate::ports::tasks::CancelOutcome;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::task::{State, Task};

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancelled {
    /// It has ended.
    Ended(Task),
    /// It runs; its worker was asked and ends it.
    Asked(Task),
}

/// Cancel a task and its children. Cancelling a cancelled task again is no error.
///
/// # Errors
/// 404; 409 when it had completed or failed before.
pub async fn cancel(app: &App, caller: &Caller, id: &str) -> Result<Cancelled, Error> {
    let task = super::find(app, caller, id).await?;
    rights::authorize(caller, Action::CancelTask(&task))?;
    let outcome = app.ports.tasks.cancel_task(caller.user, &task.new.id, app.ports.clock.now()).await?;
    match outcome.ok_or_else(|| Error::not_found(format!("task {id:?} not found")))? {
        CancelOutcome::Cancelled(task) => {
            // Deliveries of the news may have been queued with it.
            app.queued.notify_one();
            app.live.publish(&task.new.id, Signal::Durable);
            Ok(Cancelled::Ended(task))
        }
        CancelOutcome::Requested(task) => {
            // Nobody listens on a host without workers; the worker's own host finds the request at its heartbeat.
            let _no_worker_here = app.cancelled.send(task.new.id.clone());
            Ok(Cancelled::Asked(task))
        }
        CancelOutcome::Finished(task) if task.state == State::Cancelled => Ok(Cancelled::Ended(task)),
        CancelOutcome::Finished(task) => Err(Error::conflict(format!(
            "task {:?} had already ended: it is {}",
            task.new.id.as_str(),
            task.state.wire()
        ))),
    }
}
