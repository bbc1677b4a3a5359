//! `GET /api/v1/users/{user}/deploy/status`.

use crate::context::App;
use crate::references;
use crate::rights::{self, Action};
use domain::agent::{Agent, DeployState};
use domain::caller::Caller;
use domain::error::Error;
use serde_json::{Value, json};

/// How the last starts of a user's agents went: `{status,agents:[{name,status,progress,step}]}`.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn deploy_status(app: &App, caller: &Caller, user: &str) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ReadDeploy)?;
    let agents = app.ports.agents.list_agents(scoped.user.id).await?;
    let shown: Vec<Value> = agents
        .iter()
        .map(|agent| {
            json!({
                "name": agent.name,
                "status": agent.deploy.state,
                "progress": agent.deploy.percent,
                "step": Some(&agent.deploy.step).filter(|step| !step.is_empty()),
            })
        })
        .collect();
    Ok(json!({ "status": whole(&agents), "agents": shown }))
}

/// The worst of all counts: a failure, then a start under way, then an agent that was never started.
fn whole(agents: &[Agent]) -> DeployState {
    let worst = [DeployState::Failed, DeployState::Deploying, DeployState::Pending];
    let is_there = |state: &DeployState| agents.iter().any(|agent| agent.deploy.state == *state);
    worst.into_iter().find(is_there).unwrap_or(DeployState::Ready)
}
