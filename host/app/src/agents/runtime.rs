//! Document Start agent: `/agents`, `/agents/{id}`, `/agents/{id}/start` and `/stop`.

use super::start::{Models, start};
use crate::context::App;
use crate::fields::invalid;
use crate::references;
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::agent::config::{AgentConfig, UnknownKeys};
use domain::caller::Caller;
use domain::error::Error;
use serde_json::{Value, json};

/// `POST /agents/{agentId}/start`: the documented `data`.
///
/// # Errors
/// 400 for the id, then for `enableAutonomy` or `settings`; 404; 403; 409 when it runs; 500 when a step failed.
pub async fn start_runtime(app: &App, caller: &Caller, id: &str, request: &Value) -> Result<Value, Error> {
    let agent = references::agent_by_id(app, caller, id).await?;
    rights::authorize(caller, Action::ManageAgent(&agent))?;
    let (autonomy, settings) = accept(request)?;
    let started = start(app, &agent, &settings, autonomy, &mut Models::default()).await?;
    Ok(json!({
        "agentId": started.id,
        "status": started.status,
        "startedAt": started.started_at,
        "enableAutonomy": started.autonomy.enabled,
    }))
}

/// `POST /agents/{agentId}/stop`: the documented `data`. A turn or tick that runs completes.
///
/// # Errors
/// 400, 404, 403; 409 when it does not run.
pub async fn stop_runtime(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    let agent = references::agent_by_id(app, caller, id).await?;
    rights::authorize(caller, Action::ManageAgent(&agent))?;
    if !app.ports.agents.stop_agent(agent.id, app.ports.clock.now()).await? {
        return Err(Error::conflict("Agent is not running"));
    }
    app.tell_logged(agent.user);
    tracing::info!(agent = %agent.id, name = agent.name, "an agent was stopped");
    Ok(json!({ "agentId": agent.id, "status": "inactive" }))
}

/// `GET /agents/{agentId}`: its `data`.
///
/// # Errors
/// 400, 404.
pub async fn get_runtime(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    Ok(data(&references::agent_by_id(app, caller, id).await?))
}

/// `GET /agents`: the caller's agents, an agent key's own only.
///
/// # Errors
/// When the store fails.
pub async fn list_runtimes(app: &App, caller: &Caller) -> Result<Vec<Value>, Error> {
    rights::authorize(caller, Action::ListAgents)?;
    let mut agents = app.ports.agents.list_agents(caller.user).await?;
    agents.retain(|agent| rights::authorize(caller, Action::ReadAgent(agent)).is_ok());
    Ok(agents.iter().map(data).collect())
}

pub(crate) fn data(agent: &Agent) -> Value {
    json!({
        "id": agent.id,
        "agentId": agent.id,
        "name": agent.name,
        "status": agent.status,
        "startedAt": agent.started_at,
        "enableAutonomy": agent.autonomy.enabled && agent.is_active(),
        "settings": agent.settings,
    })
}

/// `enableAutonomy` and `settings`, checked. Settings that nobody knows are kept for plugins.
pub(crate) fn accept(request: &Value) -> Result<(bool, Value), Error> {
    let autonomy = match request.get("enableAutonomy") {
        None => false,
        Some(value) => value.as_bool().ok_or_else(|| invalid("enableAutonomy", "must be a boolean"))?,
    };
    let settings = match request.get("settings") {
        None => json!({}),
        Some(settings) => settings.clone(),
    };
    AgentConfig::parse(&settings, "settings.", UnknownKeys::Kept)
        .map_err(|problem| invalid(&problem.field, &problem.problem))?;
    Ok((autonomy, settings))
}
