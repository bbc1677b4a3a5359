//! `PUT /api/v1/users/{user}/tier`.

use crate::context::App;
use crate::fields::{invalid, object, word};
use crate::references::{self, no_user};
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::plan::Plan;
use serde_json::Value;

/// Give a user another plan; it counts from the next request on. Answers the user.
///
/// # Errors
/// 404; 403 without an admin key; 400 for an unknown tier.
pub async fn set_tier(app: &App, caller: &Caller, reference: &str, request: &Value) -> Result<Value, Error> {
    let scoped = references::user(app, caller, reference).await?;
    rights::authorize(&scoped.caller, Action::ChangePlan(&scoped.user))?;
    let plan = word(object(request)?, "tier", &Plan::ALL, Plan::as_str)?.ok_or_else(|| {
        let all: Vec<&str> = Plan::ALL.iter().map(|plan| plan.as_str()).collect();
        invalid("tier", &format!("is required: one of {}", all.join(", ")))
    })?;
    let user = app.ports.users.set_plan(scoped.user.id, plan).await?.ok_or_else(no_user)?;
    Ok(super::shown(&user))
}
