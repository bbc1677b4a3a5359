//! Document Autonomy: whether the addressed agent acts on its own, how it does, and what it is told to do next.

use crate::context::App;
use crate::fields::{invalid, object, text};
use crate::ports::rooms::Window;
use crate::ports::ticks::Instruction;
use crate::references::no_agent;
use crate::rights::{self, Action};
use domain::agent::{Agent, clamp_interval};
use domain::caller::Caller;
use domain::error::{Code, Error};
use domain::room::{Message, Room};
use serde_json::{Value, json};
use std::time::Duration;

/// Bytes of one instruction.
const LONGEST_INSTRUCTION: usize = 16 << 10;

/// The agent of an agent key, else the default agent of the caller's user.
async fn addressed(app: &App, caller: &Caller) -> Result<Agent, Error> {
    let agent = app.ports.agents.find_agent(caller.user, caller.agent).await?.ok_or_else(no_agent)?;
    rights::authorize(caller, Action::ReadAgent(&agent))?;
    Ok(agent)
}

/// True only when the agent runs, its flag is set, and the host allows it.
fn is_enabled(app: &App, agent: &Agent) -> bool {
    app.settings.autonomy && agent.is_active() && agent.autonomy.enabled
}

/// `GET /api/agent/autonomy`.
///
/// # Errors
/// 404.
pub async fn get(app: &App, caller: &Caller) -> Result<Value, Error> {
    let agent = addressed(app, caller).await?;
    Ok(json!({ "enabled": is_enabled(app, &agent) }))
}

/// `POST /api/agent/autonomy`; `request` is none where the body was no JSON object. Enabling makes the first tick due at once; disabling
/// lets a tick that runs complete.
///
/// # Errors
/// 400 unless `enabled` is a boolean; 404; 403; 500 where the host allows no autonomy; 503 when the agent is not started.
pub async fn set(app: &App, caller: &Caller, request: Option<&Value>) -> Result<Value, Error> {
    let agent = addressed(app, caller).await?;
    rights::authorize(caller, Action::ManageAgent(&agent))?;
    let enabled = request.and_then(|request| request.get("enabled")).and_then(Value::as_bool);
    let enabled = enabled.ok_or_else(|| invalid("enabled", "must be a boolean"))?;
    if enabled && !app.settings.autonomy {
        let message = "autonomy is disabled in the configuration of this host (SKEP_AUTONOMY=off)";
        return Err(Error::new(Code::AutonomyDisabled, message));
    }
    // Without worker loops there is no service that the agent would have to be registered with: only the flag is set.
    if app.settings.autonomy && app.settings.worker && !agent.is_active() {
        return Err(Error::unavailable(format!("agent {:?} is not started", agent.name)));
    }
    let set = app.ports.ticks.set_autonomy(agent.id, enabled, app.ports.clock.now()).await?;
    let set = set.ok_or_else(no_agent)?;
    app.due.notify_one();
    tracing::info!(agent = %agent.id, name = agent.name, enabled, "the autonomy of an agent was set");
    Ok(json!({ "enabled": set.autonomy.enabled }))
}

/// `GET /api/agent/autonomy/status`.
///
/// # Errors
/// 404.
pub async fn status(app: &App, caller: &Caller) -> Result<Value, Error> {
    let agent = addressed(app, caller).await?;
    let (enabled, autonomy) = (is_enabled(app, &agent), &agent.autonomy);
    let next = autonomy.next_tick_at.filter(|_| enabled && autonomy.paused_at.is_none());
    Ok(json!({
        "enabled": enabled,
        "running": app.ports.ticks.is_ticking(agent.id).await?,
        "interval": milliseconds(autonomy.interval),
        "autonomousRoomId": room_of(&agent),
        "agentId": agent.id,
        "lastTickAt": autonomy.last_tick_at,
        "nextTickAt": next,
        "consecutiveFailures": autonomy.failed_ticks,
    }))
}

/// `GET /api/agent/autonomy/messages`: the room, newest messages last; `cursor` goes on with older ones.
///
/// # Errors
/// 404; 400 for a cursor that this list did not give.
pub async fn messages(app: &App, caller: &Caller, limit: u32, cursor: Option<&str>) -> Result<Value, Error> {
    let agent = addressed(app, caller).await?;
    let before = match cursor.map(str::parse::<i64>) {
        None => None,
        Some(Ok(pos)) if pos > 0 => Some(pos),
        Some(_) => return Err(invalid("cursor", "is not one that this list gave")),
    };
    let found = app.ports.rooms.list_messages(room_of(&agent), Window::Newest { before }, limit).await?;
    let next = found.first().filter(|oldest| oldest.pos > 1).map(|oldest| oldest.pos.to_string());
    let shown: Vec<Value> = found.iter().map(shown).collect();
    Ok(json!({ "messages": shown, "nextCursor": next }))
}

/// `POST /api/agent/autonomy/instructions`: kept until a tick takes it up, also while autonomy is off.
///
/// # Errors
/// 400; 404; 403.
pub async fn instruct(app: &App, caller: &Caller, request: &Value) -> Result<Value, Error> {
    let agent = addressed(app, caller).await?;
    rights::authorize(caller, Action::ManageAgent(&agent))?;
    let given = text(object(request)?, "instructions")?.map(str::trim).filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| invalid("instructions", "must be a text that is not empty"))?;
    if given.len() > LONGEST_INSTRUCTION {
        return Err(invalid("instructions", &format!("must have at most {LONGEST_INSTRUCTION} bytes")));
    }
    let id = app.random_uuid();
    let instruction = Instruction {
        id,
        agent: agent.id,
        user: agent.user,
        text: given.to_owned(),
        queued_at: app.ports.clock.now(),
    };
    let queued = app.ports.ticks.queue_instruction(instruction).await?;
    Ok(json!({ "id": id, "queued": queued }))
}

/// `PUT /api/agent/autonomy/interval`: answers the value in force.
///
/// # Errors
/// 400; 404; 403.
pub async fn set_interval(app: &App, caller: &Caller, request: &Value) -> Result<Value, Error> {
    let agent = addressed(app, caller).await?;
    rights::authorize(caller, Action::ManageAgent(&agent))?;
    let wanted = object(request)?.get("interval").and_then(Value::as_u64);
    let wanted = wanted.ok_or_else(|| invalid("interval", "must be a whole number of milliseconds"))?;
    let interval = clamp_interval(Duration::from_millis(wanted));
    app.ports.ticks.set_interval(agent.id, interval, app.ports.clock.now()).await?;
    app.due.notify_one();
    Ok(json!({ "interval": milliseconds(interval) }))
}

/// Lasting, also before the first tick makes it.
fn room_of(agent: &Agent) -> uuid::Uuid {
    agent.autonomy.room.unwrap_or_else(|| Room::autonomous_id(agent.id))
}

fn shown(message: &Message) -> Value {
    json!({
        "id": message.new.id,
        "role": message.new.role.as_str(),
        "author": message.new.author,
        "text": message.new.text,
        "task": message.new.task,
        "createdAt": message.created_at,
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
