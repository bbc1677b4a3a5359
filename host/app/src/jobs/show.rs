//! A job on the wire.

use crate::chat::ended;
use crate::context::App;
use crate::ports::rooms::Window;
use domain::error::Error;
use domain::job::{Job, JobStatus};
use domain::room::{MessageRole, derived_id};
use domain::task::Task;
use serde_json::{Map, Value, json};

/// The whole job; `result` when it is completed, `error` when there will be none.
pub(super) async fn job(app: &App, job: &Job, task: &Task) -> Result<Value, Error> {
    let status = job.status(task, app.ports.clock.now());
    let mut fields = Map::new();
    let mut add = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    add("jobId", json!(job.id));
    add("status", json!(status.as_str()));
    add("agentId", json!(job.agent));
    add("userId", json!(job.sender));
    add("prompt", json!(job.content));
    add("createdAt", json!(job.created_at));
    add("expiresAt", json!(job.expires_at));
    match status {
        JobStatus::Pending | JobStatus::Processing => {}
        JobStatus::Completed => {
            add("result", result(app, job, task).await?);
        }
        JobStatus::Timeout => {
            add("error", json!("Job timed out waiting for agent response"));
        }
        JobStatus::Failed => {
            let error = ended(task).err();
            // The cause of a failure of ours is in the log.
            let message = error.filter(|error| error.code.status() < 500).map(|error| error.message);
            add("error", json!(message.unwrap_or_else(|| "the agent could not answer".to_owned())));
        }
    }
    add("metadata", job.metadata.clone());
    Ok(Value::Object(fields))
}

async fn result(app: &App, job: &Job, task: &Task) -> Result<Value, Error> {
    let report = ended(task)?;
    let end = task.completed_at.unwrap_or(job.created_at);
    let said = app.ports.rooms.list_messages(job.room, Window::UpToTurn(job.task.clone()), 1).await?;
    let said = said.first().filter(|message| message.new.role == MessageRole::Assistant);
    // An agent that has nothing to say leaves no message; clients want an id all the same.
    let id = said.map_or_else(|| derived_id(job.task.as_str()), |message| message.new.id);
    Ok(json!({
        "message": {
            "id": id,
            "content": report.message,
            "authorId": job.agent,
            "createdAt": said.map_or(end, |message| message.created_at),
            "metadata": {},
        },
        "processingTimeMs": u64::try_from(end.since(job.created_at).as_millis()).unwrap_or(u64::MAX),
    }))
}
