//! `POST /v1/agents/tasks`: everything that the task needs is durable before it is accepted.

use super::accept::{accept, estimate_key, from_source};
use super::estimate::expected;
use crate::context::App;
use crate::ports::tasks::ImportedFile;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::id::TaskId;
use domain::rigor::estimate::completion;
use domain::rigor::line::line;
use domain::rigor::request::Source;
use domain::task::{Kind, NewTask};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

/// What the caller is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// Where the task is read.
    pub status_url: String,
    /// The documented body.
    pub body: Value,
}

/// Check, import a folder into blobs, store, and wake the dispatcher.
///
/// # Errors
/// As [`accept`]; 400 or 413 for a folder that cannot be imported.
pub async fn submit(app: &App, caller: &Caller, request: &Value) -> Result<Submitted, Error> {
    rights::authorize(caller, Action::SubmitTask)?;
    let accepted = accept(app, request)?;
    let files = match &accepted.source {
        Some(Source::Folder { path }) => import(app, path).await?,
        Some(Source::Git { .. }) | None => Vec::new(),
    };
    let now = app.ports.clock.now();
    let mut random = [0; 6];
    app.ports.entropy.fill(&mut random);
    let estimate_key = estimate_key(&accepted);
    let expected = expected(app, &estimate_key, &accepted).await?;
    let input = serde_json::to_value(&accepted)
        .map_err(|error| Error::internal(format!("a task is not JSON: {error}")))?;
    let new = NewTask {
        id: TaskId::new(TaskId::TASK, random),
        parent: None,
        user: caller.user,
        agent: caller.agent,
        kind: Kind::AgentTask,
        driver: Kind::AgentTask.driver().to_owned(),
        priority: accepted.priority.rank(),
        input,
        estimate_key,
        created_at: now,
    };
    let task = app.ports.tasks.submit_task(new, files).await?;
    app.queued.notify_one();
    let status_url = format!("/v1/agents/tasks/{}", task.new.id);
    let agents: Vec<&str> = line(&accepted.capabilities).iter().map(|station| station.personality).collect();
    let body = json!({
        "taskId": task.new.id,
        "status": task.state.wire(),
        "estimatedCompletion": completion(now, expected, 0).rfc3339(),
        "agentsAssigned": agents,
        "statusUrl": status_url,
    });
    Ok(Submitted { status_url, body })
}

/// Blobs that are written at once: each one waits for the disk.
const BLOBS_AT_ONCE: usize = 16;

async fn import(app: &App, path: &str) -> Result<Vec<ImportedFile>, Error> {
    let found = app.ports.sources.read_folder(path).await.map_err(|error| from_source(&error))?;
    let kept = found.into_iter().map(|file| async move {
        let size = file.content.len() as u64;
        let blob = app.ports.blobs.put_blob(file.content).await?;
        Ok::<ImportedFile, Error>(ImportedFile { path: file.path, blob, size })
    });
    stream::iter(kept).buffered(BLOBS_AT_ONCE).try_collect().await
}
