//! `GET` and `PATCH /api/v1/users/{user}/agents/{agent}/config`.

use crate::context::App;
use crate::fields::invalid;
use crate::references::{self, no_agent};
use crate::rights::{self, Action};
use domain::agent::config::{AgentConfig, ConfigProblem, UnknownKeys, merge_patch};
use domain::agent::{Agent, DEFAULT_INTERVAL, clamp_interval};
use domain::caller::Caller;
use domain::error::Error;
use serde_json::{Value, json};
use std::time::Duration;

/// Changes of others that a patch is made again after.
const TRIES: usize = 16;

/// The agent's configuration, with the defaults where it says nothing. Settings of its start are not in it.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn get_config(app: &App, caller: &Caller, user: &str, agent: &str) -> Result<Value, Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    rights::authorize(&scoped.caller, Action::ManageAgent(&agent))?;
    shown(&agent)
}

/// Merge a patch into the configuration (RFC 7396) and answer the whole of it. It counts from the next turn on.
///
/// # Errors
/// 404; 403 for an agent key; 400 naming an unknown key or a value that cannot be.
pub async fn patch_config(
    app: &App,
    caller: &Caller,
    user: &str,
    agent: &str,
    patch: &Value,
) -> Result<Value, Error> {
    let (scoped, mut agent) = references::user_and_agent(app, caller, user, agent).await?;
    rights::authorize(&scoped.caller, Action::ManageAgent(&agent))?;
    // The result fits when the patch does: every value is checked on its own.
    let checked = AgentConfig::parse(patch, "", UnknownKeys::Refused).map_err(problem)?;
    let (stored, interval) = apart(patch, &checked);
    for _try in 0..TRIES {
        let config = merge_patch(&agent.config, &stored);
        let now = app.ports.clock.now();
        if app.ports.agents.set_config(agent.id, &agent.config, &config, interval, now).await? {
            agent.config = config;
            agent.autonomy.interval = interval.unwrap_or(agent.autonomy.interval);
            return shown(&agent);
        }
        agent = app.ports.agents.find_agent(scoped.user.id, agent.id).await?.ok_or_else(no_agent)?;
    }
    Err(Error::conflict("the configuration changed again and again meanwhile; try again"))
}

/// The patch without the interval, which is the agent's own column, and the interval that it asks for. Null is the default.
fn apart(patch: &Value, checked: &AgentConfig) -> (Value, Option<Duration>) {
    let mut stored = patch.clone();
    let autonomy = stored.as_object_mut().and_then(|fields| fields.remove("autonomy"));
    let interval = match autonomy {
        None => None,
        Some(Value::Object(fields)) if !fields.contains_key("interval") => None,
        Some(_) => Some(clamp_interval(checked.interval.unwrap_or(DEFAULT_INTERVAL))),
    };
    (stored, interval)
}

/// The configuration that an agent is made with, as [`patch_config`] would make it; `path` is where `fields` is in the request.
pub(super) fn of_new(agent: &mut Agent, fields: &Value, path: &str) -> Result<(), Error> {
    let checked = AgentConfig::parse(fields, path, UnknownKeys::Kept).map_err(problem)?;
    let (stored, interval) = apart(fields, &checked);
    agent.config = merge_patch(&json!({}), &stored);
    agent.autonomy.interval = interval.unwrap_or(DEFAULT_INTERVAL);
    Ok(())
}

fn shown(agent: &Agent) -> Result<Value, Error> {
    let config = AgentConfig::parse(&agent.config, "", UnknownKeys::Kept);
    let config = config.map_err(|problem| Error::internal(format!("agent {}: {problem}", agent.id)))?;
    Ok(config.shown(agent.autonomy.interval))
}

fn problem(problem: ConfigProblem) -> Error {
    invalid(&problem.field, &problem.problem)
}
