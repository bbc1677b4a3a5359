//! `POST /api/messaging/sessions`.

use super::timeout::read;
use super::{MOST_METADATA, REMEMBERED};
use crate::context::App;
use crate::fields::{invalid, metadata, object, uuid};
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::{Code, Error};
use domain::id::AgentId;
use domain::session::{Session, Timeout};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// Begin a session: `{agentId, userId, metadata?, timeoutConfig?}`.
///
/// # Errors
/// 400 naming the field; 404 for the agent.
pub async fn create(app: &App, caller: &Caller, request: &Value) -> Result<Value, Error> {
    let fields = object(request)?;
    let agent = uuid(fields, "agentId")?.ok_or_else(|| invalid("agentId", "is missing"))?;
    let sender = uuid(fields, "userId")?.ok_or_else(|| invalid("userId", "is missing"))?;
    let metadata = metadata(fields, MOST_METADATA)?;
    let timeout = match fields.get("timeoutConfig") {
        None | Some(Value::Null) => Timeout::default(),
        Some(given) => read(given, "timeoutConfig.", Timeout::default())?.clamped(),
    };
    let found = app.ports.agents.find_agent(caller.user, AgentId(agent)).await?;
    let found = found.filter(|agent| rights::authorize(caller, Action::ChatWith(agent)).is_ok());
    let agent = found.ok_or_else(|| Error::new(Code::AgentNotFound, format!("Agent {agent} not found")))?;
    let now = app.ports.clock.now();
    let mut session = Session {
        id: app.random_uuid(),
        room: app.random_uuid(),
        user: agent.user,
        agent: agent.id,
        sender,
        metadata,
        timeout,
        created_at: now,
        last_activity: now,
        expires_at: now,
        renewals: 0,
    };
    session.expires_at = session.end();
    let forget = Timestamp(now.0.saturating_sub(i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX)));
    app.ports.sessions.insert_session(session.clone(), forget).await?;
    Ok(json!({
        "sessionId": session.id,
        "channelId": session.room,
        "agentId": session.agent,
        "userId": session.sender,
        "createdAt": session.created_at.rfc3339_millis(),
        "metadata": session.metadata,
        "expiresAt": session.expires_at.rfc3339_millis(),
        "timeoutConfig": session.timeout,
    }))
}
