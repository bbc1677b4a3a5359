//! `DELETE /api/v1/users/{user}`.

use crate::accounts::DEFAULT_USER;
use crate::context::App;
use crate::references::{self, no_user};
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;

/// Delete a user with everything that is its; its running tasks stop, its keys are dead when this answers.
///
/// # Errors
/// 404; 403 without an admin key; 409 for the user `default`.
pub async fn delete(app: &App, caller: &Caller, reference: &str) -> Result<(), Error> {
    let scoped = references::user(app, caller, reference).await?;
    rights::authorize(&scoped.caller, Action::DeleteUser(&scoped.user))?;
    if scoped.user.name == DEFAULT_USER {
        return Err(Error::conflict(format!(
            "user {DEFAULT_USER:?} cannot be deleted: admin keys work as it when they name no other"
        )));
    }
    let running = app.ports.users.delete_user(scoped.user.id, app.ports.clock.now()).await?;
    app.stop_running(running.ok_or_else(no_user)?);
    Ok(())
}
