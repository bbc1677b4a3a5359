//! `tools`: calling another skill's tool. The callee runs in a nested scope, under its own grants, for the same task.

use super::host::{Halt, Parent, Performed};
use super::live::Live;
use super::schema;
use super::scope::{ScopeResult, run_component};
use crate::catalog::LivePlugin;
use crate::ports::store_error::StoreError;
use crate::skills::own;
use domain::agent::config::AgentConfig;
use domain::component::{CallFailure, Export, LimitKind, Output};
use domain::effect::model::Tier;
use domain::effect::tools::{ToolDescription, ToolsCall};
use domain::effect::{Call, CallError, ErrorKind, Reply};
use domain::history::ComponentRef;
use domain::manifest::grant::{Capability, authorize};
use domain::manifest::{Manifest, PluginKind, Tool};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Deepest nesting of calls: the runtime reserves instance slots for this many.
const DEPTH_LIMIT: u8 = 8;

pub(super) async fn perform(live: &Live, call: &ToolsCall) -> Result<Performed, Halt> {
    match call {
        ToolsCall::Available => Ok(Performed::reply(Reply::Tools(available(live).await?))),
        ToolsCall::Call { name, arguments } => call_tool(live, name, arguments).await,
    }
}

/// Every live skill's tools that the caller's grants name.
async fn available(live: &Live) -> Result<Vec<ToolDescription>, StoreError> {
    let (app, task) = (&live.host.attempt.app, &live.host.attempt.task.new);
    let (granted, config) = (live.host.granted().await?, configuration(live).await?);
    let skills = app.ports.skills.list_skills(task.user).await?;
    let view = app.catalog.view();
    let hosts = view.live.values().map(|plugin| &plugin.manifest);
    let own: Vec<LivePlugin> = skills
        .iter()
        .filter_map(|skill| own::live(app, task.user, skill))
        .map(|(_, plugin)| plugin)
        .collect();
    // The user's own stands before the host's of the same name.
    let all: BTreeMap<&str, &Manifest> = hosts
        .chain(own.iter().map(|plugin| &plugin.manifest))
        .filter(|manifest| manifest.kind == PluginKind::Skill)
        .map(|manifest| (manifest.name.as_str(), manifest))
        .collect();
    let tools = all
        .into_iter()
        .flat_map(|(skill, manifest)| manifest.tools.iter().map(move |tool| describe(skill, tool)));
    let is_there = |tool: &ToolDescription| {
        config.allows_tool(&tool.name) && is_granted(live, granted.as_deref(), &tool.name)
    };
    Ok(tools.filter(is_there).collect())
}

/// Of the agent as it is now; nothing is denied to one that is gone, whose tasks are being cancelled.
pub(super) async fn configuration(live: &Live) -> Result<AgentConfig, StoreError> {
    let (app, task) = (&live.host.attempt.app, &live.host.attempt.task.new);
    let agent = app.ports.agents.find_agent(task.user, task.agent).await?;
    match agent.map(|agent| agent.configuration()).transpose() {
        Ok(config) => Ok(config.unwrap_or_default()),
        Err(problem) => Err(StoreError::Internal(format!("the configuration of an agent: {problem}"))),
    }
}

fn describe(skill: &str, tool: &Tool) -> ToolDescription {
    ToolDescription {
        name: format!("{skill}.{}", tool.name),
        description: tool.description.clone(),
        parameters: tool.schema.clone(),
        read_only: tool.effects.read_only,
    }
}

fn is_granted(live: &Live, granted: Option<&[Capability]>, name: &str) -> bool {
    let call = Call::Tools(ToolsCall::Call { name: name.to_owned(), arguments: Value::Null });
    let plugin = live.host.plugin.as_ref().map(|plugin| plugin.manifest.id()).unwrap_or_default();
    granted.is_none_or(|granted| authorize(&plugin, &call, Tier::Core, granted).is_ok())
}

async fn call_tool(live: &Live, name: &str, arguments: &Value) -> Result<Performed, Halt> {
    let host = &live.host;
    let (skill, tool) = match name.split_once('.') {
        Some((skill, tool)) => (skill.to_owned(), tool.to_owned()),
        None => return Ok(Performed::error(unknown(name))),
    };
    let component = ComponentRef::Skill(skill);
    let plugin: Option<Arc<LivePlugin>> =
        own::resolve(&host.attempt.app, host.attempt.task.new.user, &component).await?;
    let Some(definition) =
        plugin.as_ref().and_then(|plugin| plugin.manifest.tools.iter().find(|known| known.name == tool))
    else {
        return Ok(Performed::error(unknown(name)));
    };
    if !configuration(live).await?.allows_tool(name) {
        let message = format!(
            "the configuration of this agent (`tools.allow`, `tools.deny`) does not let it call {name}"
        );
        return Ok(Performed::error(CallError::new(ErrorKind::Denied, "tool-not-allowed", message)));
    }
    if let Err(message) = schema::check(&definition.schema, arguments) {
        let message = format!("arguments of {name} do not fit its schema: {message}");
        return Ok(Performed::error(CallError::new(ErrorKind::InvalidInput, "arguments", message)));
    }
    if host.depth >= DEPTH_LIMIT {
        let failure = CallFailure::Limit {
            kind: LimitKind::Depth,
            message: format!("tool calls are nested deeper than {DEPTH_LIMIT}"),
        };
        return Ok(Performed::error(CallError::new(ErrorKind::Exhausted, "depth", failure.to_string())));
    }
    let scope = host.scope.nested(live.address.ordinal, name);
    let export = Export::Tool { tool, arguments: arguments.clone() };
    // A nested run is the same function again; the box breaks the cycle of future types.
    let parent = Parent { host: host.as_ref(), approved: live.approved };
    let nested = Box::pin(run_component(&host.attempt, &scope, &component, &export, Some(parent))).await;
    let result = match nested {
        ScopeResult::Stopped(stop) => return Err(Halt::Stop(stop)),
        ScopeResult::Ended { result, .. } => result,
    };
    Ok(match result {
        Ok(Output::Json(value)) => Performed::reply(Reply::Json(value)),
        Ok(Output::Phase(_)) => Performed::error(CallError::new(
            ErrorKind::Other,
            "output",
            format!("{name} did not answer as a tool"),
        )),
        Err(CallFailure::Error(error)) => Performed::error(error),
        Err(failure) => {
            Performed::error(CallError::new(ErrorKind::Other, failure.code(), format!("{name}: {failure}")))
        }
    })
}

fn unknown(name: &str) -> CallError {
    CallError::new(
        ErrorKind::NotFound,
        "tool",
        format!("no live skill has the tool {name:?}; ask `tools.available` for those there are"),
    )
}
