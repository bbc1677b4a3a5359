//! elizaOS agents: an agent with the character that its client gave it.

mod character;
mod create;
mod logs;
mod update;

pub use create::create;
pub use logs::{LogQuery, logs};
pub use update::update;

use crate::agents::start::{Models, StartFailure, start as start_agent};
use crate::agents::{accept_start, runtime};
use crate::context::App;
use crate::references::{self, no_agent};
use crate::rights::{self, Action};
use character::shown;
use domain::agent::Agent;
use domain::caller::Caller;
use domain::error::Error;
use serde_json::{Value, json};

/// `GET /api/agents`: `{agents}`, those that run first, then by name.
///
/// # Errors
/// When the store fails.
pub async fn list(app: &App, caller: &Caller) -> Result<Value, Error> {
    let mut agents = visible(app, caller).await?;
    agents.sort_by_cached_key(|agent| (!agent.is_active(), character::name(agent).to_lowercase(), agent.id));
    let shown: Vec<Value> = agents.iter().map(character::summary).collect();
    Ok(json!({ "agents": shown }))
}

/// The agents that the caller sees.
pub(crate) async fn visible(app: &App, caller: &Caller) -> Result<Vec<Agent>, Error> {
    rights::authorize(caller, Action::ListAgents)?;
    let mut agents = app.ports.agents.list_agents(caller.user).await?;
    agents.retain(|agent| rights::authorize(caller, Action::ReadAgent(agent)).is_ok());
    Ok(agents)
}

/// `GET /api/agents/{agentId}`: its character and how it runs.
///
/// # Errors
/// 400 for the id; 404.
pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    Ok(shown(&references::agent_by_id(app, caller, id).await?))
}

/// `GET /api/agents/{agentId}/panels`: pages of this host for people who work with the agent.
///
/// # Errors
/// 400 for the id; 404.
pub async fn panels(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    let _seen = references::agent_by_id(app, caller, id).await?;
    Ok(json!([{ "name": "API reference", "path": "/docs" }]))
}

/// `DELETE /api/agents/{agentId}`.
///
/// # Errors
/// 400 for the id; 404; 403 for an agent key; 409 for the user's default agent.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<(), Error> {
    let agent = references::agent_by_id(app, caller, id).await?;
    rights::authorize(caller, Action::ManageAgent(&agent))?;
    let running = app.ports.agents.delete_agent(caller.user, agent.id, app.ports.clock.now()).await?;
    app.stop_running(running.ok_or_else(no_agent)?);
    Ok(())
}

/// `POST /api/agents/{agentId}/start`: well also when it runs.
///
/// # Errors
/// 400 for the id or a field; 404; 403; 500 when a step failed.
pub async fn start(app: &App, caller: &Caller, id: &str, request: &Value) -> Result<Value, Error> {
    let agent = references::agent_by_id(app, caller, id).await?;
    rights::authorize(caller, Action::ManageAgent(&agent))?;
    let (autonomy, settings) = accept_start(request)?;
    let agent = match start_agent(app, &agent, &settings, autonomy, &mut Models::default()).await {
        Ok(started) => started,
        Err(StartFailure::Running) => references::agent_by_id(app, caller, id).await?,
        Err(failure) => return Err(failure.into()),
    };
    let mut data = runtime(&agent);
    if let Some(fields) = data.as_object_mut() {
        fields.remove("settings");
        fields.insert("name".to_owned(), json!(character::name(&agent)));
    }
    Ok(data)
}

/// `POST /api/agents/{agentId}/stop`.
///
/// # Errors
/// 400 for the id; 404, also when it does not run; 403.
pub async fn stop(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    let agent = references::agent_by_id(app, caller, id).await?;
    rights::authorize(caller, Action::ManageAgent(&agent))?;
    if !app.ports.agents.stop_agent(agent.id, app.ports.clock.now()).await? {
        return Err(Error::not_found("Agent is not running"));
    }
    tracing::info!(agent = %agent.id, name = agent.name, "an agent was stopped");
    Ok(json!({ "message": "Agent stopped" }))
}
