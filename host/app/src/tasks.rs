//! Agent tasks (document Autonoma): submit, read, list, cancel, events, journal.
//!
//! [`accept`] checks what a person asks for, [`submit`] stores it, [`body`] is the exact body that the document shows.

mod accept;
mod artifacts;
mod body;
mod cancel;
mod estimate;
mod events;
mod include;
mod journal;
mod list;
mod notice;
mod submit;

pub use accept::{CAPABILITIES_LIMIT, TASK_LIMIT, accept, estimate_key};
pub use body::body;
pub use cancel::{Cancelled, cancel};
pub use events::{Follow, TaskEvent, follow};
pub use include::{Include, with_includes};
pub use journal::{JournalPage, journal};
pub use list::{Filter, TaskBodies, list};
pub use notice::notice;
pub use submit::{Submitted, submit};

use crate::context::App;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::id::TaskId;
use domain::task::{Kind, Task};
use serde_json::Value;

/// One task of the caller.
///
/// # Errors
/// 404 when there is none that the caller may see.
pub async fn find(app: &App, caller: &Caller, id: &str) -> Result<Task, Error> {
    let missing = || Error::not_found(format!("task {id:?} not found"));
    // Text that is no task id names no task.
    let id: TaskId = id.parse().map_err(|_| missing())?;
    let task = app
        .ports
        .tasks
        .find_task(caller.user, &id)
        .await?
        .filter(|task| task.new.kind == Kind::AgentTask)
        .ok_or_else(missing)?;
    rights::authorize(caller, Action::ReadTask(&task))?;
    Ok(task)
}

/// `GET /v1/agents/tasks/{taskId}`.
///
/// # Errors
/// 404 when there is none that the caller may see.
pub async fn get(app: &App, caller: &Caller, id: &str, includes: &[Include]) -> Result<Value, Error> {
    let task = find(app, caller, id).await?;
    with_includes(app, &task, includes).await
}
