//! `POST /api/v1/users/{user}/skills/{slug}/registry-install`.

use crate::context::App;
use crate::fields::{invalid, kind, object, text};
use crate::references;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::id::Digest;
use domain::manifest::is_name;
use serde_json::Value;

/// Install from the configured registry; this host has none.
///
/// # Errors
/// 404; 403 for an agent key; 400 for fields that cannot be; 409 without a registry.
pub async fn install_from_registry(
    app: &App,
    caller: &Caller,
    user: &str,
    slug: &str,
    request: &Value,
) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSkills)?;
    if !is_name(slug) {
        return Err(invalid("slug", "must be 1 to 63 lower-case letters, digits and `-`"));
    }
    let fields = object(request)?;
    text(fields, "version")?;
    if let Some(digest) = text(fields, "digest")?
        && digest.parse::<Digest>().is_err()
    {
        return Err(invalid("digest", "must be sha256: and 64 hex digits"));
    }
    match fields.get("grant") {
        None | Some(Value::Null | Value::Bool(_) | Value::Array(_)) => {}
        Some(other) => {
            let problem = format!("must be a boolean or a list of capabilities, not {}", kind(other));
            return Err(invalid("grant", &problem));
        }
    }
    Err(Error::conflict("no registry is configured"))
}
