//! Users' agents: making them, starting and stopping them, their keys and their configuration.

mod config;
mod connect;
mod create;
mod delete;
mod deploy;
mod list;
mod ping;
mod rotate_key;
mod runtime;
pub mod start;

pub use config::{get_config, patch_config};
pub use connect::connect;
pub use create::create;
pub use delete::delete;
pub use deploy::deploy_status;
pub use list::{get, list};
pub use ping::ping;
pub use rotate_key::rotate_key;
pub(crate) use runtime::{accept as accept_start, data as runtime};
pub use runtime::{get_runtime, list_runtimes, start_runtime, stop_runtime};

use crate::context::App;
use domain::agent::Agent;
use domain::agent::config::AgentConfig;
use domain::manifest::PluginKind;
use serde_json::{Value, json};

/// An agent on the wire of document Autonomis.
pub(crate) fn shown(app: &App, agent: &Agent) -> Value {
    // What cannot be read is shown as its default; a start says what is wrong with it.
    let config = agent.configuration().unwrap_or_default();
    json!({
        "id": agent.id,
        "name": agent.name,
        "status": agent.status,
        "default": agent.is_default,
        "autonomy": {
            "enabled": agent.autonomy.enabled && agent.is_active(),
            "interval": u64::try_from(agent.autonomy.interval.as_millis()).unwrap_or(u64::MAX),
        },
        "model": config.model.unwrap_or_default(),
        "skills": skills(app, &config),
        "createdAt": agent.created_at.rfc3339(),
    })
}

/// The live skills of which the agent may call something, by name.
fn skills(app: &App, config: &AgentConfig) -> Vec<String> {
    let mut names: Vec<String> = tools(app, config).into_iter().map(|(skill, _)| skill).collect();
    names.dedup();
    names
}

/// The tools that the agent may call, as (skill, tool), by name.
fn tools(app: &App, config: &AgentConfig) -> Vec<(String, String)> {
    let view = app.catalog.view();
    let skills = view.live.iter().filter(|((kind, _), _)| *kind == PluginKind::Skill);
    skills
        .flat_map(|((_, skill), plugin)| plugin.manifest.tools.iter().map(move |tool| (skill, &tool.name)))
        .filter(|(skill, tool)| config.allows_tool(&format!("{skill}.{tool}")))
        .map(|(skill, tool)| (skill.clone(), tool.clone()))
        .collect()
}
