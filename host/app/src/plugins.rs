//! What is installed on this host.

use crate::context::App;
use crate::ports::components::Profile;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::error::Error;
use domain::id::Digest;
use domain::manifest::Manifest;
use serde_json::{Value, json};

/// `GET /v1/admin/plugins`: `{live,held,broken}`.
///
/// # Errors
/// 403 without an admin key.
pub fn list(app: &App, caller: &Caller) -> Result<Value, Error> {
    rights::authorize(caller, Action::ListPlugins)?;
    let view = app.catalog.view();
    let live: Vec<Value> = view
        .live
        .values()
        .map(|plugin| {
            let profile = match plugin.profile {
                Profile::Small => "small",
                Profile::Large => "large",
            };
            let own = [("profile", json!(profile)), ("granted", json!(plugin.granted))];
            shown(plugin.digest, &plugin.manifest, own)
        })
        .collect();
    let held: Vec<Value> = view
        .held
        .iter()
        .map(|plugin| shown(plugin.digest, &plugin.manifest, [("missing", json!(plugin.missing))]))
        .collect();
    let broken: Vec<Value> =
        view.broken.iter().map(|plugin| json!({ "path": plugin.path, "reason": plugin.reason })).collect();
    Ok(json!({ "live": live, "held": held, "broken": broken }))
}

fn shown<const COUNT: usize>(digest: Digest, manifest: &Manifest, own: [(&str, Value); COUNT]) -> Value {
    let mut shown = json!({
        "name": manifest.name,
        "version": manifest.version,
        "kind": manifest.kind,
        "digest": digest,
        "description": manifest.description,
        "tools": manifest.tools.iter().map(|tool| &tool.name).collect::<Vec<_>>(),
        "personalities": manifest.personalities.iter().map(|personality| &personality.id).collect::<Vec<_>>(),
        "requested": manifest.capabilities,
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(own.map(|(name, value)| (name.to_owned(), value)));
    }
    shown
}
