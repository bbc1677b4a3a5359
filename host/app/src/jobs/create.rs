//! `POST /api/messaging/jobs`.

use crate::chat::new_turn;
use crate::context::App;
use crate::fields::{content, invalid, metadata, object, uuid};
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::caller::Caller;
use domain::error::{Code, Error};
use domain::id::AgentId;
use domain::job::{Job, JobStatus};
use domain::room::{MessageRole, NewMessage, Room, RoomKind};
use serde_json::{Map, Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Characters of a question.
const MOST_CONTENT: usize = 50_000;
/// Bytes of a client's own metadata.
const MOST_METADATA: usize = 10_000;
/// How long a client waits unless it says otherwise, in milliseconds.
const DEFAULT_TIMEOUT: f64 = 30_000.0;
/// The shortest wait.
const SHORTEST_TIMEOUT: f64 = 1000.0;
/// The longest wait.
const LONGEST_TIMEOUT: f64 = 300_000.0;

/// Ask an agent: `{userId, content, agentId?, timeoutMs?, metadata?}`. Without `agentId` the default agent is asked, or the first one
/// that runs.
///
/// # Errors
/// 400 naming the field; 404 for the agent; 409 when it does not run.
pub async fn create(app: &App, caller: &Caller, request: &Value) -> Result<Value, Error> {
    let fields = object(request)?;
    let sender = uuid(fields, "userId")?.ok_or_else(|| invalid("userId", "is missing"))?;
    let content = content(fields, MOST_CONTENT)?;
    let metadata = metadata(fields, MOST_METADATA)?;
    let timeout = timeout(fields)?;
    let agent = agent(app, caller, uuid(fields, "agentId")?).await?;
    if !agent.is_active() {
        return Err(Error::conflict("Agent is not running"));
    }
    let now = app.ports.clock.now();
    let room = Room {
        id: app.random_uuid(),
        user: agent.user,
        agent: agent.id,
        kind: RoomKind::Single,
        created_at: now,
    };
    let task = new_turn(app, &agent, room.id, now);
    let job = Job {
        id: app.random_uuid(),
        user: agent.user,
        agent: agent.id,
        room: room.id,
        task: task.id.clone(),
        sender,
        content,
        metadata,
        created_at: now,
        expires_at: now.plus(timeout),
    };
    let message = NewMessage {
        id: app.random_uuid(),
        room: room.id,
        role: MessageRole::User,
        author: sender.to_string(),
        text: job.content.clone(),
        metadata: None,
        task: Some(task.id.clone()),
    };
    app.ports.jobs.submit_job(job.clone(), room, message, task).await?;
    app.queued.notify_one();
    Ok(json!({
        "jobId": job.id,
        "status": JobStatus::Pending.as_str(),
        "createdAt": job.created_at,
        "expiresAt": job.expires_at,
    }))
}

async fn agent(app: &App, caller: &Caller, wanted: Option<Uuid>) -> Result<Agent, Error> {
    let mut agents = app.ports.agents.list_agents(caller.user).await?;
    agents.retain(|agent| rights::authorize(caller, Action::ChatWith(agent)).is_ok());
    let found = match wanted {
        Some(id) => agents.into_iter().find(|agent| agent.id == AgentId(id)),
        // The default one comes first.
        None => agents.into_iter().find(Agent::is_active),
    };
    found.ok_or_else(|| {
        let message = match wanted {
            Some(id) => format!("Agent {id} not found"),
            None => "No agents available on server".to_owned(),
        };
        Error::new(Code::AgentNotFound, message)
    })
}

/// elizaOS clamps, it does not refuse.
fn timeout(fields: &Map<String, Value>) -> Result<Duration, Error> {
    let given = match fields.get("timeoutMs") {
        None | Some(Value::Null) => DEFAULT_TIMEOUT,
        Some(value) => {
            value.as_f64().ok_or_else(|| invalid("timeoutMs", "must be a number of milliseconds"))?
        }
    };
    let milliseconds = given.clamp(SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
    Ok(Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(Duration::from_secs(30)))
}
