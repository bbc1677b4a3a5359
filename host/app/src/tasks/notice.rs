//! The webhook that tells `callbackUrl` how a task ended: a task of its own, so that it survives everything.

use super::body::{body, request};
use crate::context::App;
use domain::effect::webhook::WebhookRequest;
use domain::error::Error;
use domain::id::TaskId;
use domain::rigor::request::Priority;
use domain::task::{Kind, NewTask, Task};
use serde_json::json;

/// The delivery for a finished task with a `callbackUrl`; none without. Its id follows from the task's, so a second one is a no-op.
///
/// # Errors
/// When the store fails.
pub async fn notice(app: &App, task: &Task) -> Result<Option<NewTask>, Error> {
    if task.new.kind != Kind::AgentTask {
        return Ok(None);
    }
    let Some(url) = request(task)?.callback_url else { return Ok(None) };
    let at = task.completed_at.unwrap_or_else(|| app.ports.clock.now());
    let message = json!({
        "type": format!("task.{}", task.state.wire()),
        "timestamp": at.rfc3339(),
        "data": body(app, task).await?,
    });
    let id = TaskId::derived(TaskId::DELIVERY, task.new.id.as_str());
    let delivery = WebhookRequest { url, id: id.to_string(), body: message.to_string() };
    let input = serde_json::to_value(&delivery)
        .map_err(|error| Error::internal(format!("a delivery is not JSON: {error}")))?;
    Ok(Some(NewTask {
        id,
        // No parent: cancelling the task must not cancel the news of it.
        parent: None,
        user: task.new.user,
        agent: task.new.agent,
        kind: Kind::Webhook,
        driver: Kind::Webhook.driver().to_owned(),
        priority: Priority::Normal.rank(),
        input,
        estimate_key: String::new(),
        created_at: at,
    }))
}
