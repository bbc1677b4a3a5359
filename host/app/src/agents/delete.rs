//! `DELETE /api/v1/users/{user}/agents/{agent}`.

use crate::context::App;
use crate::references::{self, no_agent};
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;

/// Delete an agent with its keys, files, conversations and templates; its unfinished tasks are cancelled.
///
/// # Errors
/// 404; 403 for an agent key; 409 for the user's default agent.
pub async fn delete(app: &App, caller: &Caller, user: &str, agent: &str) -> Result<(), Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    rights::authorize(&scoped.caller, Action::ManageAgent(&agent))?;
    let running = app.ports.agents.delete_agent(scoped.user.id, agent.id, app.ports.clock.now()).await?;
    app.stop_running(running.ok_or_else(no_agent)?);
    Ok(())
}
