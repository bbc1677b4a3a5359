//! Each change of the live plugins is logged once.

use crate::catalog::{BrokenPlugin, CatalogView};
use domain::manifest::grant::Capability;
use std::path::Path;

pub(super) fn broken(path: &Path, reason: &str) -> BrokenPlugin {
    BrokenPlugin { path: path.display().to_string(), reason: reason.to_owned() }
}

pub(super) fn log(before: &CatalogView, after: &CatalogView) {
    for (key, plugin) in &after.live {
        let (kind, id, digest) = (key.0.as_str(), plugin.manifest.id(), plugin.digest);
        match before.live.get(key) {
            None => tracing::info!(kind, plugin = id, %digest, "plugin live"),
            Some(old) if old.digest != digest => {
                tracing::info!(kind, plugin = id, %digest, replaced = old.manifest.id(), replaced_digest = %old.digest, "plugin swapped");
            }
            Some(old) if old.granted != plugin.granted => {
                tracing::info!(kind, plugin = id, %digest, "grants changed")
            }
            Some(_) => {}
        }
    }
    for (key, plugin) in before.live.iter().filter(|(key, _)| !after.live.contains_key(*key)) {
        tracing::info!(kind = key.0.as_str(), plugin = plugin.manifest.id(), digest = %plugin.digest, "plugin gone; calls in flight end on it");
    }
    for held in after.held.iter().filter(|held| !before.held.contains(held)) {
        let serving = after
            .live
            .get(&(held.manifest.kind, held.manifest.name.clone()))
            .map(|plugin| plugin.manifest.id());
        tracing::warn!(
            plugin = held.manifest.id(), digest = %held.digest, missing = shown(&held.missing), serving = serving.as_deref().unwrap_or("none"),
            "plugin held: grant what is missing to this digest in the policy file"
        );
    }
    for broken in after.broken.iter().filter(|broken| !before.broken.contains(broken)) {
        tracing::warn!(path = broken.path, reason = broken.reason, "not a usable plugin");
    }
}

/// As it would stand in the policy file.
fn shown(missing: &[Capability]) -> String {
    serde_json::to_string(missing).unwrap_or_default()
}
