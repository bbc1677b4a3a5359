//! `GET /api/v1/users/{user}/skills` and `GET …/skills/{id}`.

use super::{check_id, no_skill, shown_whole};
use crate::context::App;
use crate::fields::invalid;
use crate::references;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::manifest::is_name;
use serde_json::{Value, json};

/// A user's skills by id: `{skills,total,nextCursor}`. Those of the host are in `GET /v1/admin/plugins`.
///
/// # Errors
/// 404; 403 for an agent key; 400 for a cursor that this list did not give.
pub async fn list(
    app: &App,
    caller: &Caller,
    user: &str,
    limit: u32,
    cursor: Option<&str>,
) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSkills)?;
    if cursor.is_some_and(|cursor| !is_name(cursor)) {
        return Err(invalid("cursor", "is not one that this list gave"));
    }
    let skills = app.ports.skills.list_skills(scoped.user.id).await?;
    let from = cursor.map_or(0, |cursor| skills.partition_point(|skill| skill.id.as_str() <= cursor));
    let page: Vec<_> = skills.iter().skip(from).take(limit as usize).collect();
    let next = page.last().filter(|_| from + page.len() < skills.len()).map(|skill| &skill.id);
    let shown: Vec<Value> = page.iter().map(|skill| shown_whole(app, skill)).collect();
    Ok(json!({ "skills": shown, "total": skills.len(), "nextCursor": next }))
}

/// One.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn get(app: &App, caller: &Caller, user: &str, id: &str) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSkills)?;
    check_id(id)?;
    let skill = app.ports.skills.find_skill(scoped.user.id, id).await?.ok_or_else(no_skill)?;
    Ok(shown_whole(app, &skill))
}
