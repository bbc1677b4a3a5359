//! `GET /api/v1/users` and `GET /api/v1/users/{user}`.

use crate::context::App;
use crate::fields::invalid;
use crate::references;
use crate::rights::{self, Action};
use crate::skills::Toolbox;
use domain::caller::Caller;
use domain::error::Error;
use domain::manifest::is_name;
use serde_json::{Value, json};

/// Users by name: `{users,total,nextCursor}`.
///
/// # Errors
/// 403; 400 for a cursor that this list did not give.
pub async fn list(app: &App, caller: &Caller, limit: u32, cursor: Option<&str>) -> Result<Value, Error> {
    rights::authorize(caller, Action::ListUsers)?;
    if cursor.is_some_and(|cursor| !is_name(cursor)) {
        return Err(invalid("cursor", "is not one that this list gave"));
    }
    let page = app.ports.users.list_users(limit, cursor).await?;
    let users: Vec<Value> = page.users.iter().map(super::shown).collect();
    Ok(json!({ "users": users, "total": page.total, "nextCursor": page.next }))
}

/// One user with its agents.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn get(app: &App, caller: &Caller, reference: &str) -> Result<Value, Error> {
    let scoped = references::user(app, caller, reference).await?;
    rights::authorize(&scoped.caller, Action::ReadUser(&scoped.user))?;
    let agents = app.ports.agents.list_agents(scoped.user.id).await?;
    let toolbox = Toolbox::of(app, scoped.user.id).await?;
    let agents: Vec<Value> = agents.iter().map(|agent| crate::agents::shown(&toolbox, agent)).collect();
    let mut shown = super::shown(&scoped.user);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("agents".to_owned(), Value::Array(agents));
    }
    Ok(shown)
}
