//! `POST /api/v1/users/{user}/agents/{agent}/rotate-key`.

use crate::context::App;
use crate::ports::keys::KeyRow;
use crate::references;
use crate::rights::{self, Action};
use domain::caller::{Caller, KeyKind};
use domain::error::Error;
use serde_json::{Value, json};

/// Give an agent a new key; the old one is dead when this answers, the only place where the new key's text ever is.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn rotate_key(app: &App, caller: &Caller, user: &str, agent: &str) -> Result<Value, Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    rights::authorize(&scoped.caller, Action::ManageAgent(&agent))?;
    let minted = app.ports.api_keys.mint();
    let key = KeyRow {
        id: minted.id,
        kind: KeyKind::Agent,
        user: agent.user,
        agent: Some(agent.id),
        hash: minted.hash,
    };
    app.ports.agents.rotate_key(agent.id, key, app.ports.clock.now()).await?;
    Ok(json!({ "apiKey": minted.text }))
}
