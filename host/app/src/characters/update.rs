//! `PATCH /api/agents/{agentId}`.

use super::character::{address, check, name, shown};
use crate::context::App;
use crate::fields::object;
use crate::references;
use crate::rights::{self, Action};
use domain::agent::config::merge_patch;
use domain::caller::Caller;
use domain::error::Error;
use serde_json::{Value, json};

/// Merge a patch into the character (RFC 7396). It counts from the next turn on. Another name is also another address of the agent.
///
/// # Errors
/// 400 for the id or naming the field; 404; 403 for an agent key; 409 when an agent has the name.
pub async fn update(app: &App, caller: &Caller, id: &str, patch: &Value) -> Result<Value, Error> {
    let mut agent = references::agent_by_id(app, caller, id).await?;
    rights::authorize(caller, Action::ManageAgent(&agent))?;
    object(patch)?;
    let before = name(&agent).to_owned();
    let mut character = agent.character.clone().unwrap_or_else(|| json!({}));
    if let Some(fields) = character.as_object_mut() {
        fields.insert("name".to_owned(), Value::String(before.clone()));
    }
    let fields = check(merge_patch(&character, patch).as_object().cloned().unwrap_or_default())?;
    let after = fields.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if after != before {
        agent.name = address(&after);
    }
    agent.character = Some(Value::Object(fields));
    app.ports.agents.update_agent(agent.id, &agent.name, agent.character.as_ref()).await?;
    Ok(shown(&agent))
}
