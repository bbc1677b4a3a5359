//! `agents`: messages to, and tasks on, another agent of the same user.

use super::host::{Halt, Performed};
use super::live::Live;
use domain::effect::{CallError, ErrorKind, Reply};
use domain::id::{AgentId, TaskId};
use domain::journal::LocalEffect;
use domain::task::{Kind, NewTask};
use serde_json::Value;

/// Longest message in bytes.
const TEXT_LIMIT: usize = 64 << 10;
/// The user's agent of that name.
async fn find(live: &Live, name: &str) -> Result<Result<AgentId, CallError>, Halt> {
    let attempt = &live.host.attempt;
    let found = attempt.app.ports.agents.find_agent_named(attempt.task.new.user, name).await?;
    Ok(found.map(|agent| agent.id).ok_or_else(|| {
        let name = domain::effect::bounded(name.to_owned(), 64);
        CallError::new(ErrorKind::NotFound, "agent", format!("this user has no agent {name:?}"))
    }))
}

pub(super) async fn send(live: &Live, agent: &str, text: &str) -> Result<Performed, Halt> {
    if text.len() > TEXT_LIMIT {
        let message = format!("a message of {} bytes is over the limit of {TEXT_LIMIT}", text.len());
        return Ok(Performed::error(CallError::new(ErrorKind::TooLarge, "text", message)));
    }
    let agent = match find(live, agent).await? {
        Ok(agent) => agent,
        Err(error) => return Ok(Performed::error(error)),
    };
    let id = live.address.idempotency_key();
    let effect = LocalEffect::Message { agent, id: id.clone(), text: text.to_owned() };
    Ok(Performed::local(Reply::Text(id), vec![effect]))
}

pub(super) async fn start_task(live: &Live, agent: &str, request: &Value) -> Result<Performed, Halt> {
    let agent = match find(live, agent).await? {
        Ok(agent) => agent,
        Err(error) => return Ok(Performed::error(error)),
    };
    let app = &live.host.attempt.app;
    let parent = &live.host.attempt.task.new;
    let accepted = match crate::tasks::accept(app, request) {
        Ok(accepted) => accepted,
        Err(error) => {
            return Ok(Performed::error(CallError::new(ErrorKind::InvalidInput, "request", error.message)));
        }
    };
    if accepted.source.is_some() {
        let message = "a task that a plugin starts works on no source of its own; leave `source` out";
        return Ok(Performed::error(CallError::new(ErrorKind::InvalidInput, "source", message)));
    }
    // Found again after a crash: the id follows from the address.
    let id = TaskId::derived(TaskId::TASK, &live.address.idempotency_key());
    let task = NewTask {
        id: id.clone(),
        parent: Some(parent.id.clone()),
        user: parent.user,
        agent,
        kind: Kind::AgentTask,
        driver: Kind::AgentTask.driver().to_owned(),
        priority: accepted.priority.rank(),
        estimate_key: crate::tasks::estimate_key(&accepted),
        input: serde_json::to_value(&accepted).unwrap_or_default(),
        created_at: app.ports.clock.now(),
    };
    Ok(Performed::local(Reply::Text(id.to_string()), vec![LocalEffect::ChildTask(Box::new(task))]))
}
