//! `GET|PUT /api/v1/users/{user}/skills/{id}/grants`.

use super::{check_id, no_skill, policy, put, shown, shown_version};
use crate::context::App;
use crate::fields::{invalid, kind, object, text};
use crate::ports::skills::Granted;
use crate::references;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::id::Digest;
use domain::manifest::grant::Capability;
use serde_json::{Value, json};

/// More than a manifest can ask for.
const MOST: usize = 256;

/// What is granted to the version that serves (to the held one while none does), and what a held one lacks.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn get_grants(app: &App, caller: &Caller, user: &str, id: &str) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSkills)?;
    check_id(id)?;
    let skill = app.ports.skills.find_skill(scoped.user.id, id).await?.ok_or_else(no_skill)?;
    let (version, own) = match (&skill.live, &skill.held) {
        (Some(live), _) => (live, &skill.live_granted),
        (None, Some(held)) => (held, &skill.held_granted),
        (None, None) => return Err(no_skill()),
    };
    let mut granted = own.clone();
    granted.extend(policy(app, version).into_iter().filter(|capability| !own.contains(capability)));
    let held = skill.held.as_ref().map(|held| {
        let shown = shown_version(app, &skill, held, &skill.held_granted, "held");
        json!({ "digest": held.digest, "requested": held.requested(), "widened": shown.get("widened") })
    });
    Ok(json!({ "digest": version.digest, "capabilities": granted, "held": held }))
}

/// Grant to the held version; it serves once everything that it asks for is granted.
///
/// # Errors
/// 404; 403 for an agent key; 400 for what is no list of capabilities; 409 when the digest is not the held one.
pub async fn put_grants(
    app: &App,
    caller: &Caller,
    user: &str,
    id: &str,
    request: &Value,
) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSkills)?;
    check_id(id)?;
    let fields = object(request)?;
    let digest = text(fields, "digest")?.ok_or_else(|| invalid("digest", "is missing"))?;
    let digest: Digest =
        digest.parse().map_err(|_| invalid("digest", "must be sha256: and 64 hex digits"))?;
    let capabilities = capabilities(fields.get("capabilities").unwrap_or(&Value::Null))?;
    let user = scoped.user.id;
    let before = app.ports.skills.find_skill(user, id).await?.ok_or_else(no_skill)?;
    let policy = before
        .held
        .as_ref()
        .filter(|held| held.digest == digest)
        .map(|held| policy(app, held))
        .unwrap_or_default();
    let now = app.ports.clock.now();
    match app.ports.skills.grant_skill(user, id, digest, capabilities, policy, now).await? {
        Granted::Recorded(skill) => {
            tracing::info!(user = %scoped.user.name, skill = id, %digest, live = skill.held.is_none(), "a skill was granted");
            put::leave(app, Some(&before), &skill);
            Ok(shown(app, &skill))
        }
        Granted::NoSkill => Err(no_skill()),
        Granted::NotHeld(held) => {
            let what = held.map_or_else(|| "no version is".to_owned(), |held| format!("{held} is"));
            Err(Error::conflict(format!("{digest} does not wait for a grant; {what} held")))
        }
    }
}

fn capabilities(value: &Value) -> Result<Vec<Capability>, Error> {
    const FIELD: &str = "capabilities";
    let items = value
        .as_array()
        .ok_or_else(|| invalid(FIELD, &format!("must be a list of capabilities, not {}", kind(value))))?;
    if items.len() > MOST {
        return Err(invalid(FIELD, &format!("must have at most {MOST} entries")));
    }
    let read = |(index, item): (usize, &Value)| {
        serde_json::from_value(item.clone())
            .map_err(|error| invalid(&format!("{FIELD}[{index}]"), &format!("is not a capability: {error}")))
    };
    items.iter().enumerate().map(read).collect()
}
