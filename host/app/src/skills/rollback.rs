//! `POST /api/v1/users/{user}/skills/{id}/rollback`.

use super::{check_id, no_skill, put, shown};
use crate::context::App;
use crate::ports::skills::{RolledBack, Skill};
use crate::references;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use serde_json::Value;

/// The version before serves again; a second rollback goes forth again. A held version goes on waiting.
///
/// # Errors
/// 404; 403 for an agent key; 409 when there is no version before.
pub async fn rollback(app: &App, caller: &Caller, user: &str, id: &str) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSkills)?;
    check_id(id)?;
    let user = scoped.user.id;
    let before = app.ports.skills.find_skill(user, id).await?.ok_or_else(no_skill)?;
    match app.ports.skills.roll_back_skill(user, id, None, app.ports.clock.now()).await? {
        RolledBack::Done(skill) => {
            put::leave(app, Some(&before), &skill);
            Ok(shown(app, &Skill { held: None, ..*skill }))
        }
        RolledBack::NoSkill => Err(no_skill()),
        RolledBack::NoVersion => {
            Err(Error::conflict(format!("skill {id:?} has no version before the live one to go back to")))
        }
    }
}
