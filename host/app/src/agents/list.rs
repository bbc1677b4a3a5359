//! `GET /api/v1/users/{user}/agents` and `GET …/agents/{agent}`.

use super::shown;
use crate::context::App;
use crate::fields::invalid;
use crate::references;
use crate::rights::{self, Action};
use crate::skills::Toolbox;
use domain::caller::Caller;
use domain::error::Error;
use serde_json::{Value, json};

/// A user's agents, the default one first, then by name: `{agents,total,nextCursor}`. An agent key sees itself.
///
/// # Errors
/// 404; 400 for a cursor that this list did not give.
pub async fn list(
    app: &App,
    caller: &Caller,
    user: &str,
    limit: u32,
    cursor: Option<&str>,
) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ListAgents)?;
    let mut agents = app.ports.agents.list_agents(scoped.user.id).await?;
    agents.retain(|agent| rights::authorize(&scoped.caller, Action::ReadAgent(agent)).is_ok());
    let total = agents.len();
    let from = match cursor {
        None => 0,
        // An agent that was deleted since leaves its place between its neighbours.
        Some(cursor) => {
            let (is_default, name) = position(cursor)?;
            agents.partition_point(|agent| (!agent.is_default, agent.name.as_str()) <= (!is_default, name))
        }
    };
    let page: Vec<_> = agents.iter().skip(from).take(limit as usize).collect();
    let last = page.last().filter(|_| from + page.len() < total);
    let next = last.map(|agent| format!("{}{}", if agent.is_default { "+" } else { "" }, agent.name));
    let toolbox = Toolbox::of(app, scoped.user.id).await?;
    let page: Vec<Value> = page.into_iter().map(|agent| shown(&toolbox, agent)).collect();
    Ok(json!({ "agents": page, "total": total, "nextCursor": next }))
}

/// `+NAME` is the default agent.
fn position(cursor: &str) -> Result<(bool, &str), Error> {
    let (is_default, name) = cursor.strip_prefix('+').map_or((false, cursor), |name| (true, name));
    if domain::manifest::is_name(name) {
        Ok((is_default, name))
    } else {
        Err(invalid("cursor", "is not one that this list gave"))
    }
}

/// One agent.
///
/// # Errors
/// 404.
pub async fn get(app: &App, caller: &Caller, user: &str, agent: &str) -> Result<Value, Error> {
    let (_, agent) = references::user_and_agent(app, caller, user, agent).await?;
    Ok(shown(&Toolbox::of(app, agent.user).await?, &agent))
}
