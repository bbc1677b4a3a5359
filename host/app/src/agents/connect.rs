//! `GET /api/v1/users/{user}/agents/{agent}/connect`.

use crate::context::App;
use crate::ports::agents::GatewayToken;
use crate::references;
use domain::caller::Caller;
use domain::error::Error;
use domain::id::Digest;
use serde_json::{Value, json};
use std::time::Duration;

/// Of the gateway's protocol.
const PROTOCOL: u32 = 4;
/// A token is for the connection that follows.
const TOKEN_LIFE: Duration = Duration::from_secs(600);
/// So that a token is recognized where it should not be.
const TOKEN_PREFIX: &str = "skeptok_";

/// Where the agent's gateway is, with a token for it. `gateway` is the URL of the gateway as this client reaches the host.
///
/// # Errors
/// 404.
pub async fn connect(
    app: &App,
    caller: &Caller,
    user: &str,
    agent: &str,
    gateway: &str,
) -> Result<Value, Error> {
    let (_, agent) = references::user_and_agent(app, caller, user, agent).await?;
    let now = app.ports.clock.now();
    let mut secret = [0_u8; 32];
    app.ports.entropy.fill(&mut secret);
    let token =
        format!("{TOKEN_PREFIX}{}", secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let row = GatewayToken {
        hash: Digest::of(token.as_bytes()).0,
        user: agent.user,
        agent: agent.id,
        expires_at: now.plus(TOKEN_LIFE),
    };
    app.ports.agents.insert_token(row, now).await?;
    Ok(json!({ "url": gateway, "token": token, "protocol": PROTOCOL, "agent": agent.name }))
}
