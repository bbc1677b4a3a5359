//! What a path names: `{user}` and `{agent}` become what they stand for, or 404 for what this caller may not see.

use crate::context::App;
use crate::ports::users::UserReference;
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::caller::{Caller, KeyKind};
use domain::error::{Code, Error};
use domain::id::{AgentId, UserId};
use domain::manifest::is_name;
use domain::user::User;

/// The caller on the things of the user that a path names: its `user` is that user, whoever it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scoped {
    /// With `user` (and of an admin key also `agent`) of the path's user.
    pub caller: Caller,
    /// The path's user.
    pub user: User,
}

/// Resolve `{user}`, an id or a name. A user or agent key finds its own user only.
///
/// # Errors
/// 404.
pub async fn user(app: &App, caller: &Caller, reference: &str) -> Result<Scoped, Error> {
    let by = match reference.parse::<UserId>() {
        Ok(id) => Some(UserReference::Id(id)),
        Err(_) => is_name(reference).then(|| UserReference::Name(reference.to_owned())),
    };
    let found = match by {
        Some(by) => app.ports.users.find_user(&by).await?,
        None => None,
    };
    let user = found.ok_or_else(no_user)?;
    rights::authorize(caller, Action::SeeUser(&user))?;
    if user.id == caller.user {
        return Ok(Scoped { caller: caller.clone(), user });
    }
    // Only an admin comes here; it works as the user that the path names.
    let account = app.ports.keys.get_account(user.id).await?.ok_or_else(no_user)?;
    Ok(Scoped { caller: Caller { user: user.id, agent: account.default_agent, ..caller.clone() }, user })
}

/// Resolve `{agent}`, an id or a name, among the caller's user's agents.
///
/// # Errors
/// 404.
pub async fn agent(app: &App, caller: &Caller, reference: &str) -> Result<Agent, Error> {
    let found = match reference.parse::<AgentId>() {
        Ok(id) => app.ports.agents.find_agent(caller.user, id).await?,
        Err(_) if is_name(reference) => app.ports.agents.find_agent_named(caller.user, reference).await?,
        Err(_) => None,
    };
    let agent = found.ok_or_else(no_agent)?;
    rights::authorize(caller, Action::ReadAgent(&agent))?;
    Ok(agent)
}

/// Resolve `{user}` and then `{agent}`.
///
/// # Errors
/// 404.
pub async fn user_and_agent(
    app: &App,
    caller: &Caller,
    user: &str,
    agent: &str,
) -> Result<(Scoped, Agent), Error> {
    let scoped = self::user(app, caller, user).await?;
    let agent = self::agent(app, &scoped.caller, agent).await?;
    Ok((scoped, agent))
}

/// Resolve the `{agentId}` of a surface that takes UUIDs only, with the texts of document Start agent.
///
/// # Errors
/// 400 for another form, then 404.
pub async fn agent_by_id(app: &App, caller: &Caller, reference: &str) -> Result<Agent, Error> {
    let id: AgentId =
        reference.parse().map_err(|_| Error::new(Code::InvalidId, "Invalid agent ID format"))?;
    let found = app.ports.agents.find_agent(caller.user, id).await?;
    let agent = found.filter(|agent| rights::authorize(caller, Action::ReadAgent(agent)).is_ok());
    agent.ok_or_else(|| Error::not_found("Agent not found"))
}

/// The text of document Autonomis; the same for what is not there and for what may not be seen.
pub(crate) fn no_agent() -> Error {
    Error::not_found("agent not found")
}

pub(crate) fn no_user() -> Error {
    Error::not_found("user not found")
}

/// Whether the caller sees the agent: a key its user's agents, an agent key only its own.
pub(crate) fn sees(caller: &Caller, agent: &Agent) -> bool {
    agent.user == caller.user && (caller.kind != KeyKind::Agent || agent.id == caller.agent)
}
