//! Talking to an agent: a message and the turn that answers it are stored together, then the answer is waited for or followed.

mod accept;
pub(crate) mod follow;
mod own;
mod text;

pub use follow::{ChatEvent, ChatFollow};
pub use own::own;

use crate::context::App;
use crate::live::Signal;
use crate::references;
use crate::rights::{self, Action};
use accept::{Asked, Conversation};
use domain::agent::Agent;
use domain::caller::Caller;
use domain::error::{Code, Error};
use domain::id::TaskId;
use domain::room::{MessageRole, NewMessage, Room, RoomKind};
use domain::task::{Kind, NewTask, State, Task};
use domain::time::Timestamp;
use domain::turn::{Origin, Turn, TurnReport};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

/// The turn may run on another host, which signals nothing here.
pub(crate) const POLL: Duration = Duration::from_secs(1);

/// Failures that are the host's: their cause is not for the person who asked.
const OURS: [&str; 6] =
    ["TURN_FAILED", "DRIVER_FAILED", "HOST_FAULT", "EXHAUSTED", "QUARANTINED", "NONDETERMINISM"];

/// A turn that was queued.
pub(crate) struct Queued {
    pub(crate) task: Task,
    pub(crate) room: Uuid,
    /// Subscribed before the turn was stored: nothing that it says is missed.
    pub(crate) signals: Receiver<Signal>,
}

/// `POST …/chat`: exactly `{"message","agent"}`. The turn goes on when the caller goes away.
///
/// # Errors
/// 404; 400 naming the field; 409 when the agent does not run; 429 when its budget is used up; 424 when the model refused.
pub async fn chat(
    app: &App,
    caller: &Caller,
    user: &str,
    agent: &str,
    request: &Value,
) -> Result<Value, Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    let queued = queue(app, &scoped.caller, &agent, || accept::chat(request)).await?;
    let report = wait(app, queued).await?.1;
    Ok(json!({ "message": report.message, "agent": report.agent }))
}

/// `POST …/chat/stream`: the events of a new turn, or with `Last-Event-ID` of the one that it names.
///
/// # Errors
/// As [`chat`], and 400 for an id that no stream gave.
pub async fn stream(
    app: &Arc<App>,
    caller: &Caller,
    user: &str,
    agent: &str,
    request: &Value,
    last_event_id: Option<&str>,
) -> Result<ChatFollow, Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    if let Some(id) = last_event_id {
        rights::authorize(&scoped.caller, Action::ChatWith(&agent))?;
        let (turn, sent) = follow::position(id)?;
        return follow::resume(app, &agent, &turn, sent).await;
    }
    let queued = queue(app, &scoped.caller, &agent, || accept::chat(request)).await?;
    Ok(follow::begin(app, queued))
}

/// `GET …/chat/turns/{turn}/events`.
///
/// # Errors
/// 404; 400 for an id that this stream did not give.
pub async fn events(
    app: &Arc<App>,
    caller: &Caller,
    user: &str,
    agent: &str,
    turn: &str,
    last_event_id: Option<&str>,
) -> Result<ChatFollow, Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    rights::authorize(&scoped.caller, Action::ChatWith(&agent))?;
    let missing = || Error::not_found(format!("turn {turn:?} not found"));
    let id: TaskId = turn.parse().map_err(|_| missing())?;
    let sent = match last_event_id.map(follow::position).transpose()? {
        None => 0,
        Some((named, sent)) if named == id => sent,
        Some(_) => return Err(follow::foreign(last_event_id.unwrap_or_default())),
    };
    follow::resume(app, &agent, &id, sent).await
}

/// `POST /agents/{agentId}/message`: the documented `data`.
///
/// # Errors
/// 400 for the id or a field; 404; 409 `Agent is not running`; then as [`chat`].
pub async fn message(app: &App, caller: &Caller, id: &str, request: &Value) -> Result<Value, Error> {
    let agent = references::agent_by_id(app, caller, id).await?;
    let queued = queue(app, caller, &agent, || accept::message(request)).await?;
    let (room, turn) = (queued.room, queued.task.new.id.clone());
    let (_, report) = wait(app, queued).await?;
    let window = crate::ports::rooms::Window::UpToTurn(turn);
    let last = app.ports.rooms.list_messages(room, window, 1).await?;
    Ok(json!({
        "text": report.message,
        "agentId": agent.id,
        "messageId": last.first().map(|message| message.new.id),
        "roomId": room,
    }))
}

/// Store what was said with the turn that answers it.
async fn queue(
    app: &App,
    caller: &Caller,
    agent: &Agent,
    accept: impl FnOnce() -> Result<Asked, Error>,
) -> Result<Queued, Error> {
    rights::authorize(caller, Action::ChatWith(agent))?;
    let asked = accept()?;
    if !agent.is_active() {
        return Err(Error::conflict("Agent is not running"));
    }
    let now = app.ports.clock.now();
    let id = room_id(app, agent, &asked.conversation).await?;
    let kind = if asked.conversation == Conversation::New { RoomKind::Single } else { RoomKind::Chat };
    let room = Room { id, user: agent.user, agent: agent.id, kind, created_at: now };
    let new = new_turn(app, agent, id, now);
    let task = new.id.clone();
    let said = asked.messages.into_iter().map(|said| NewMessage {
        id: app.random_uuid(),
        room: id,
        author: match said.role {
            MessageRole::User => asked.author.clone().unwrap_or_else(|| agent.user.to_string()),
            MessageRole::Assistant => agent.name.clone(),
            MessageRole::System => "system".to_owned(),
        },
        role: said.role,
        text: said.text,
        metadata: None,
        task: Some(task.clone()),
    });
    let messages: Vec<NewMessage> = said.collect();
    let signals = app.live.subscribe(&task);
    let task = app.ports.rooms.submit_turn(room, messages, new).await?;
    app.queued.notify_one();
    Ok(Queued { task, room: id, signals })
}

/// A turn of an agent in a room.
pub(crate) fn new_turn(app: &App, agent: &Agent, room: Uuid, now: Timestamp) -> NewTask {
    let mut random = [0; 6];
    app.ports.entropy.fill(&mut random);
    let turn = Turn { origin: Origin::Chat, agent: agent.name.clone(), room };
    turn.task(TaskId::new(TaskId::TURN, random), agent.user, agent.id, now)
}

async fn room_id(app: &App, agent: &Agent, conversation: &Conversation) -> Result<Uuid, Error> {
    Ok(match conversation {
        Conversation::New => app.random_uuid(),
        Conversation::Of(person) => {
            let person = person.clone().unwrap_or_else(|| agent.user.to_string());
            Room::named_id(agent.id, &format!("message:{person}"))
        }
        Conversation::Room(id) => match app.ports.rooms.find_room(agent.user, *id).await? {
            Some(room) if room.agent != agent.id => return Err(Error::not_found("Room not found")),
            Some(_) | None => *id,
        },
        Conversation::Named(name) => {
            // A room that another route made can be continued here by its id.
            let known = match Uuid::try_parse(name) {
                Ok(id) => app.ports.rooms.find_room(agent.user, id).await?,
                Err(_) => None,
            };
            known
                .filter(|room| room.agent == agent.id)
                .map_or_else(|| Room::named_id(agent.id, name), |room| room.id)
        }
    })
}

/// The end of a turn.
pub(crate) async fn wait(app: &App, queued: Queued) -> Result<(Task, TurnReport), Error> {
    let Queued { mut task, mut signals, .. } = queued;
    loop {
        if task.state.is_finished() {
            return ended(&task).map(|report| (task, report));
        }
        tokio::select! {
            signal = signals.recv() => {
                if matches!(signal, Err(RecvError::Closed)) {
                    signals = app.live.subscribe(&task.new.id);
                }
            }
            () = app.ports.clock.sleep(POLL) => {}
        }
        task = find(app, &task).await?;
    }
}

async fn find(app: &App, task: &Task) -> Result<Task, Error> {
    let found = app.ports.tasks.find_task(task.new.user, &task.new.id).await?;
    found.ok_or_else(|| Error::new(Code::Gone, "the agent was deleted meanwhile"))
}

/// What an ended turn said, or why it said nothing.
pub(crate) fn ended(task: &Task) -> Result<TurnReport, Error> {
    if task.state == State::Cancelled {
        return Err(Error::conflict("the turn was cancelled"));
    }
    if let Some(output) = &task.output {
        return serde_json::from_value(output.clone()).map_err(|error| {
            Error::internal(format!("the output of {} is no report: {error}", task.new.id))
        });
    }
    let failure = task.failure.as_ref();
    let (code, message) =
        failure.map_or(("", ""), |failure| (failure.code.as_str(), failure.message.as_str()));
    Err(match code {
        "" => Error::internal(format!("turn {} ended with nothing", task.new.id)),
        "BUDGET" | "TOKEN_BUDGET" => Error::new(Code::RateLimited, message),
        "AGENT_GONE" => Error::new(Code::Gone, message),
        ours if OURS.contains(&ours) => Error::internal(format!("turn {}: {ours}: {message}", task.new.id)),
        _ => Error::new(Code::DependencyFailed, format!("the agent could not answer: {message}")),
    })
}

/// A turn of the agent; 404 for another's.
pub(crate) async fn turn_of(app: &App, agent: &Agent, id: &TaskId) -> Result<Task, Error> {
    let found = app.ports.tasks.find_task(agent.user, id).await?;
    let found = found.filter(|task| task.new.agent == agent.id && task.new.kind == Kind::Chat);
    found.ok_or_else(|| Error::not_found(format!("turn {:?} not found", id.as_str())))
}
