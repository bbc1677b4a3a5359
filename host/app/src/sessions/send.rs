//! `POST /api/messaging/sessions/{sessionId}/messages`.

use super::{MOST_CONTENT, MOST_METADATA, find, update};
use crate::chat::follow;
use crate::chat::{ChatFollow, Queued, new_turn, wait};
use crate::context::App;
use crate::fields::{content, invalid, kind, metadata, object, one_of, text};
use crate::ports::sessions::room_of;
use crate::runs::run_id;
use domain::agent::Agent;
use domain::caller::Caller;
use domain::error::Error;
use domain::id::TaskId;
use domain::room::{MessageRole, NewMessage};
use domain::session::Session;
use domain::time::Timestamp;
use domain::turn::Turn;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// How the answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    /// With the response.
    Http,
    /// As events.
    Sse,
    /// Later: it is among the messages when it is there.
    Websocket,
}

impl Transport {
    const ALL: [Self; 3] = [Self::Http, Self::Sse, Self::Websocket];

    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Sse => "sse",
            Self::Websocket => "websocket",
        }
    }
}

/// What sending gives.
pub enum Sent {
    /// 201 with this body.
    Body(Value),
    /// The turn as it goes on.
    Events(SessionEvents),
}

/// The events of a turn in a session.
pub struct SessionEvents {
    /// `user_message`, the first event; none when a stream is resumed.
    pub user_message: Option<Value>,
    /// The turn.
    pub turn: TaskId,
    /// The id of its run: that of the message which its chunks are of.
    pub run: Uuid,
    /// What follows.
    pub follow: ChatFollow,
}

/// Say something: `{content, attachments?, metadata?, transport?}`. The turn goes on when the client goes away. With `Last-Event-ID` the
/// turn that it names is followed on, and the body does not count.
///
/// # Errors
/// 400 naming the field; 404; 410 when the session is over; 409 when its agent does not run; then as every chat.
pub async fn send(
    app: &Arc<App>,
    caller: &Caller,
    id: &str,
    request: &Value,
    last_event_id: Option<&str>,
) -> Result<Sent, Error> {
    let (session, agent) = find(app, caller, id).await?;
    if let Some(last) = last_event_id {
        return resume(app, &session, &agent, last).await;
    }
    let fields = object(request)?;
    let transport = transport(fields)?;
    let text = content(fields, MOST_CONTENT)?;
    let metadata = with_attachments(fields, metadata(fields, MOST_METADATA)?)?;
    if !agent.is_active() {
        return Err(Error::conflict("Agent is not running"));
    }
    let now = app.ports.clock.now();
    let (session, was_renewed) = update(app, session, |session| Ok(session.touch(now))).await?;
    let new = new_turn(app, &agent, session.room, now);
    let turn = new.id.clone();
    let message = NewMessage {
        id: app.random_uuid(),
        room: session.room,
        role: MessageRole::User,
        author: session.sender.to_string(),
        text,
        metadata: Some(metadata),
        task: Some(turn.clone()),
    };
    let user_message = shown(&message, now);
    let signals = app.live.subscribe(&turn);
    let task = app.ports.rooms.submit_turn(room_of(&session), vec![message], new).await?;
    app.queued.notify_one();
    let queued = Queued { task, room: session.room, signals };
    let status = status(&session, was_renewed, now);
    Ok(match transport {
        Transport::Websocket => {
            Sent::Body(json!({ "success": true, "userMessage": user_message, "sessionStatus": status }))
        }
        Transport::Http => {
            let (_, report) = wait(app, queued).await?;
            Sent::Body(json!({
                "success": true,
                "userMessage": user_message,
                "agentResponse": { "text": report.message },
                "sessionStatus": status,
            }))
        }
        Transport::Sse => Sent::Events(SessionEvents {
            user_message: Some(user_message),
            run: run_id(&turn),
            turn,
            follow: follow::begin(app, queued),
        }),
    })
}

async fn resume(app: &Arc<App>, session: &Session, agent: &Agent, last: &str) -> Result<Sent, Error> {
    let (turn, sent) = follow::position(last)?;
    let task = crate::chat::turn_of(app, agent, &turn).await?;
    let of = serde_json::from_value::<Turn>(task.new.input).ok();
    if of.is_none_or(|of| of.room != session.room) {
        return Err(Error::not_found(format!("turn {:?} not found", turn.as_str())));
    }
    let follow = follow::resume(app, agent, &turn, sent).await?;
    Ok(Sent::Events(SessionEvents { user_message: None, run: run_id(&turn), turn, follow }))
}

/// `transport`, or `mode` as earlier clients call it. Without one the answer comes later, as elizaOS has it.
fn transport(fields: &Map<String, Value>) -> Result<Transport, Error> {
    if let Some(given) = text(fields, "transport")? {
        return one_of("transport", given, &Transport::ALL, Transport::as_str);
    }
    match text(fields, "mode")? {
        None | Some("websocket") => Ok(Transport::Websocket),
        Some("sync") => Ok(Transport::Http),
        Some("stream") => Ok(Transport::Sse),
        Some(other) => {
            let other = domain::effect::bounded(other.to_owned(), 64);
            Err(invalid("mode", &format!("must be one of sync, stream, websocket, not {other:?}")))
        }
    }
}

/// Attachments are kept with the message; agents read its text only.
fn with_attachments(fields: &Map<String, Value>, mut metadata: Value) -> Result<Value, Error> {
    let attachments = match fields.get("attachments") {
        None | Some(Value::Null) => return Ok(metadata),
        Some(Value::Array(attachments)) if attachments.is_empty() => return Ok(metadata),
        Some(given @ Value::Array(_)) => given,
        Some(other) => {
            return Err(invalid("attachments", &format!("must be a list, not {}", kind(other))));
        }
    };
    if attachments.to_string().len() > MOST_METADATA {
        return Err(invalid("attachments", &format!("has more than {MOST_METADATA} bytes as JSON")));
    }
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.insert("attachments".to_owned(), attachments.clone());
    }
    Ok(metadata)
}

fn shown(message: &NewMessage, now: Timestamp) -> Value {
    json!({
        "id": message.id,
        "content": message.text,
        "authorId": message.author,
        "createdAt": now.rfc3339_millis(),
        "metadata": message.metadata,
    })
}

fn status(session: &Session, was_renewed: bool, now: Timestamp) -> Value {
    json!({
        "expiresAt": session.expires_at.rfc3339_millis(),
        "renewalCount": session.renewals,
        "wasRenewed": was_renewed,
        "isNearExpiration": session.is_near_expiration(now),
    })
}
