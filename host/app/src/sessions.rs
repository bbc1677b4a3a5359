//! elizaOS sessions: conversations with an agent that end when nobody has used them for a while. What is said in one is a turn in a
//! room, as in every other chat.

mod create;
mod messages;
mod send;
mod timeout;

pub use create::create;
pub use messages::{MessageQuery, list_messages};
pub use send::{Sent, SessionEvents, send};
pub use timeout::{heartbeat, renew, set_timeout};

use crate::context::App;
use crate::fields::uuid_of;
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::caller::{Caller, KeyKind};
use domain::error::{Code, Error};
use domain::id::AgentId;
use domain::session::Session;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// A session that ended is answered as expired for this long, then it is not there.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// Sessions of one answer.
const MOST_LISTED: u32 = 1000;
/// Changes of others that a change is made again after.
const TRIES: usize = 16;
/// Bytes of a client's own metadata.
const MOST_METADATA: usize = 10 * 1024;
/// Characters of a message.
const MOST_CONTENT: usize = 50_000;

/// `GET /api/messaging/sessions`: those that are not over, newest first. An agent key sees its own agent's.
///
/// # Errors
/// When the store fails.
pub async fn list(app: &App, caller: &Caller) -> Result<Value, Error> {
    let now = app.ports.clock.now();
    let sessions = live(app, caller, now).await?;
    let total = sessions.len();
    let shown: Vec<Value> = sessions.iter().map(|session| info(session, now)).collect();
    Ok(json!({ "sessions": shown, "total": total }))
}

/// `GET /api/messaging/sessions/health`.
///
/// # Errors
/// When the store fails.
pub async fn health(app: &App, caller: &Caller, uptime: Duration) -> Result<Value, Error> {
    let now = app.ports.clock.now();
    let sessions = live(app, caller, now).await?;
    Ok(json!({
        "status": "healthy",
        "activeSessions": sessions.len(),
        "expiringSoon": sessions.iter().filter(|session| session.is_near_expiration(now)).count(),
        "timestamp": now.rfc3339_millis(),
        "uptime": uptime.as_secs(),
    }))
}

async fn live(app: &App, caller: &Caller, now: Timestamp) -> Result<Vec<Session>, Error> {
    rights::authorize(caller, Action::ListAgents)?;
    Ok(app.ports.sessions.list_sessions(caller.user, only_agent(caller), now, MOST_LISTED).await?)
}

/// The agent whose things the caller sees; none for all of its user's.
pub(crate) fn only_agent(caller: &Caller) -> Option<AgentId> {
    (caller.kind == KeyKind::Agent).then_some(caller.agent)
}

/// `GET /api/messaging/sessions/{sessionId}`.
///
/// # Errors
/// 400 for the id; 404; 410 when it is over.
pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    let (session, _) = find(app, caller, id).await?;
    Ok(info(&session, app.ports.clock.now()))
}

/// `DELETE /api/messaging/sessions/{sessionId}`. A turn that runs ends; what was said stays among the agent's memories.
///
/// # Errors
/// 400 for the id; 404.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    let (session, _) = any(app, caller, id).await?;
    if !app.ports.sessions.delete_session(caller.user, session.id).await? {
        return Err(missing(session.id));
    }
    Ok(json!({ "success": true, "message": format!("Session {} deleted successfully", session.id) }))
}

/// The session of a path and its agent.
async fn find(app: &App, caller: &Caller, id: &str) -> Result<(Session, Agent), Error> {
    let (session, agent) = any(app, caller, id).await?;
    if session.is_expired(app.ports.clock.now()) {
        let end = session.expires_at.rfc3339_millis();
        let message = format!("Session {} expired at {end}; make another one", session.id);
        return Err(Error::new(Code::SessionExpired, message));
    }
    Ok((session, agent))
}

/// The same, also when it is over.
async fn any(app: &App, caller: &Caller, id: &str) -> Result<(Session, Agent), Error> {
    let id = uuid_of("sessionId", id)?;
    let session = app.ports.sessions.find_session(caller.user, id).await?.ok_or_else(|| missing(id))?;
    let agent = app.ports.agents.find_agent(caller.user, session.agent).await?;
    let agent = agent.filter(|agent| rights::authorize(caller, Action::ChatWith(agent)).is_ok());
    Ok((session, agent.ok_or_else(|| missing(id))?))
}

fn missing(id: Uuid) -> Error {
    Error::new(Code::SessionNotFound, format!("Session {id} not found"))
}

/// Change a session as `change` says, also when others change it meanwhile. Answers the session and what `change` said.
async fn update<T>(
    app: &App,
    mut session: Session,
    change: impl Fn(&mut Session) -> Result<T, Error>,
) -> Result<(Session, T), Error> {
    for _try in 0..TRIES {
        let mut after = session.clone();
        let said = change(&mut after)?;
        if app.ports.sessions.update_session(&session, &after).await? {
            return Ok((after, said));
        }
        let found = app.ports.sessions.find_session(session.user, session.id).await?;
        session = found.ok_or_else(|| missing(session.id))?;
    }
    Err(Error::conflict("the session was used again and again meanwhile; try again"))
}

/// A session on the wire.
fn info(session: &Session, now: Timestamp) -> Value {
    json!({
        "sessionId": session.id,
        "channelId": session.room,
        "agentId": session.agent,
        "userId": session.sender,
        "createdAt": session.created_at.rfc3339_millis(),
        "lastActivity": session.last_activity.rfc3339_millis(),
        "metadata": session.metadata,
        "expiresAt": session.expires_at.rfc3339_millis(),
        "timeoutConfig": session.timeout,
        "renewalCount": session.renewals,
        "timeRemaining": u64::try_from(session.remaining(now).as_millis()).unwrap_or(u64::MAX),
        "isNearExpiration": session.is_near_expiration(now),
    })
}
