//! `DELETE /api/v1/users/{user}/skills/{id}/file`.

use super::{check_id, no_skill, own};
use crate::context::App;
use crate::references;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;

/// Delete a skill with its grants. A call in flight loses what it was granted; its bytes go when no task is left that began on them.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn delete(app: &App, caller: &Caller, user: &str, id: &str) -> Result<(), Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSkills)?;
    check_id(id)?;
    let deleted = app.ports.skills.delete_skill(scoped.user.id, id, app.ports.clock.now()).await?;
    deleted.ok_or_else(no_skill)?.into_iter().for_each(|component| own::release(app, component));
    tracing::info!(user = %scoped.user.name, skill = id, "a skill was deleted");
    Ok(())
}
