//! elizaOS: what this host is to its clients, a server of agents and messages.

use crate::characters::visible;
use crate::context::App;
use crate::ports::users::UserReference;
use crate::references::no_user;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// `GET /api/server/ping`.
///
/// # Errors
/// 403.
pub fn ping(app: &App, caller: &Caller) -> Result<Value, Error> {
    rights::authorize(caller, Action::ReadHealth)?;
    Ok(json!({ "pong": true, "timestamp": app.ports.clock.now() }))
}

/// `GET /api/server/hello`: what elizaOS says.
///
/// # Errors
/// 403.
pub fn hello(_app: &App, caller: &Caller) -> Result<Value, Error> {
    rights::authorize(caller, Action::ReadHealth)?;
    Ok(json!({ "message": "Hello World!" }))
}

/// `GET /api/server/health`: the body, and whether there is an agent that runs.
///
/// # Errors
/// When the store fails.
pub async fn health(app: &App, caller: &Caller) -> Result<(Value, bool), Error> {
    let (active, _) = counts(app, caller).await?;
    let body = json!({
        "status": "OK",
        "version": app.settings.version,
        "timestamp": app.ports.clock.now().rfc3339_millis(),
        "dependencies": { "agents": if active > 0 { "healthy" } else { "no_agents" } },
    });
    Ok((body, active > 0))
}

/// `GET /api/server/status`.
///
/// # Errors
/// When the store fails.
pub async fn status(app: &App, caller: &Caller, uptime: Duration) -> Result<Value, Error> {
    let (active, total) = counts(app, caller).await?;
    Ok(json!({
        "status": "ok",
        "agentCount": active,
        "agents": { "total": total, "active": active, "inactive": total.saturating_sub(active) },
        "timestamp": app.ports.clock.now().rfc3339_millis(),
        "uptime": uptime.as_secs(),
        "version": app.settings.version,
    }))
}

/// `GET /api/messaging/message-servers`: this host is the one that its agents are on.
///
/// # Errors
/// When the store fails.
pub async fn message_servers(app: &App, caller: &Caller) -> Result<Value, Error> {
    let (active, total) = counts(app, caller).await?;
    let user = UserReference::Id(caller.user);
    let user = app.ports.users.find_user(&user).await?.ok_or_else(no_user)?;
    let since = user.created_at.rfc3339_millis();
    Ok(json!({
        "messageServers": [{
            // The one that clients name when they name none.
            "id": Uuid::nil(),
            "name": user.name,
            "sourceType": "skep",
            "metadata": { "agents": total, "activeAgents": active },
            "createdAt": since,
            "updatedAt": since,
        }]
    }))
}

async fn counts(app: &App, caller: &Caller) -> Result<(usize, usize), Error> {
    let agents = visible(app, caller).await?;
    Ok((agents.iter().filter(|agent| agent.is_active()).count(), agents.len()))
}
