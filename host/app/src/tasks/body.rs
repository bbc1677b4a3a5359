//! The body of a task, exactly as document Autonoma shows it: these keys, no other, nulls explicit.

use super::artifacts;
use super::estimate::estimate;
use crate::context::App;
use domain::error::Error;
use domain::rigor::request::AgentTask;
use domain::task::{State, Task};
use serde_json::{Value, json};

/// The input of an agent task.
///
/// # Errors
/// 500 when the stored input is not one.
pub(super) fn request(task: &Task) -> Result<AgentTask, Error> {
    serde_json::from_value(task.new.input.clone()).map_err(|error| {
        Error::internal(format!("the input of {} is not an agent task: {error}", task.new.id))
    })
}

/// The exact body; webhooks and the event `task.completed` carry the same.
///
/// # Errors
/// When the store fails.
pub async fn body(app: &App, task: &Task) -> Result<Value, Error> {
    let estimate = estimate(app, task, &request(task)?).await?;
    let finished = task.state.is_finished();
    let output = match (&task.output, task.state) {
        (Some(output), State::Completed) => artifacts::filled(app, &task.new.id, output).await?,
        _ => Value::Null,
    };
    Ok(json!({
        "taskId": task.new.id,
        "status": task.state.wire(),
        "progress": if task.state == State::Completed { 100 } else { task.progress.percent.min(99) },
        "currentAgent": task.progress.current_agent.as_ref().filter(|_| !finished),
        "completedPhases": task.progress.completed_phases,
        "estimatedCompletion": estimate.map(domain::time::Timestamp::rfc3339),
        "output": output,
        "error": error(task),
        "createdAt": task.new.created_at.rfc3339(),
        "startedAt": task.started_at.map(domain::time::Timestamp::rfc3339),
        "completedAt": task.completed_at.map(domain::time::Timestamp::rfc3339),
    }))
}

/// `{code,message,agent,phase}` of a failed task.
fn error(task: &Task) -> Value {
    match (&task.failure, task.state) {
        (Some(failure), _) => json!({
            "code": failure.code,
            "message": failure.message,
            "agent": failure.agent,
            "phase": failure.phase,
        }),
        (None, State::Failed | State::Quarantined) => json!({
            "code": "UNKNOWN",
            "message": "the task ended without a recorded reason",
            "agent": task.progress.current_agent,
            "phase": task.progress.current_phase,
        }),
        (None, _) => Value::Null,
    }
}
