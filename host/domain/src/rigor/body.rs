//! The body of an agent task, exactly as document Autonoma shows it: these keys, no other, nulls explicit.

use crate::task::{State, Task};
use crate::time::Timestamp;
use serde_json::{Value, json};

/// The exact body. `estimate` is when an unfinished task may end, `output` what a completed one shows.
#[must_use]
pub fn body(task: &Task, estimate: Option<Timestamp>, output: &Value) -> Value {
    let finished = task.state.is_finished();
    json!({
        "taskId": task.new.id,
        "status": task.state.wire(),
        "progress": if task.state == State::Completed { 100 } else { task.progress.percent.min(99) },
        "currentAgent": task.progress.current_agent.as_ref().filter(|_| !finished),
        "completedPhases": task.progress.completed_phases,
        "estimatedCompletion": estimate.filter(|_| !finished).map(Timestamp::rfc3339),
        "output": output,
        "error": error(task),
        "createdAt": task.new.created_at.rfc3339(),
        "startedAt": task.started_at.map(Timestamp::rfc3339),
        "completedAt": task.completed_at.map(Timestamp::rfc3339),
    })
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
