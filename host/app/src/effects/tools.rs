//! `tools`: calling another skill's tool. The callee runs in a nested scope, under its own grants, for the same task.

use super::host::{Halt, Performed};
use super::live::Live;
use super::schema;
use super::scope::{ScopeResult, run_component};
use crate::catalog::LivePlugin;
use domain::component::{CallFailure, Export, LimitKind, Output};
use domain::effect::model::Tier;
use domain::effect::tools::{ToolDescription, ToolsCall};
use domain::effect::{Call, CallError, ErrorKind, Reply};
use domain::history::ComponentRef;
use domain::manifest::grant::{Capability, authorize};
use domain::manifest::{PluginKind, Tool};
use serde_json::Value;
use std::sync::Arc;

/// Deepest nesting of calls: the runtime reserves instance slots for this many.
const DEPTH_LIMIT: u8 = 8;

pub(super) async fn perform(live: &Live, call: &ToolsCall) -> Result<Performed, Halt> {
    match call {
        ToolsCall::Available => Ok(Performed::reply(Reply::Tools(available(live)))),
        ToolsCall::Call { name, arguments } => call_tool(live, name, arguments).await,
    }
}

/// Every live skill's tools that the caller's grants name.
fn available(live: &Live) -> Vec<ToolDescription> {
    let view = live.host.attempt.app.catalog.view();
    let skills = view.live.iter().filter(|((kind, _), _)| *kind == PluginKind::Skill);
    let tools = skills
        .flat_map(|((_, skill), plugin)| plugin.manifest.tools.iter().map(move |tool| describe(skill, tool)));
    let granted = live.host.granted();
    tools.filter(|tool| is_granted(live, granted.as_deref(), &tool.name)).collect()
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
    let plugin: Option<Arc<LivePlugin>> = host.attempt.app.catalog.resolve(&component);
    let Some(definition) =
        plugin.as_ref().and_then(|plugin| plugin.manifest.tools.iter().find(|known| known.name == tool))
    else {
        return Ok(Performed::error(unknown(name)));
    };
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
    let nested =
        Box::pin(run_component(&host.attempt, &scope, &component, &export, Some(host.as_ref()))).await;
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
