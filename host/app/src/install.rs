//! From packages on disk to live plugins: compile, trial, grants, record, swap. One path for every way in which a package comes.
//!
//! A broken file never replaces a working one, an update that asks for more than it was given is held while the old version serves, and
//! calls in flight end on the version they began on.

use crate::App;
use crate::catalog::{BrokenPlugin, CatalogView, HeldPlugin, LivePlugin};
use crate::ports::components::ComponentError;
use crate::ports::grants::Grants;
use crate::ports::packages::Package;
use crate::ports::plugins::PluginRecord;
use domain::error::Error;
use domain::id::Digest;
use domain::manifest::PluginKind;
use domain::manifest::grant::{Capability, missing};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Behind the signals of the file system, which may be lost.
const SLOW_SCAN: Duration = Duration::from_secs(30);

/// Make the live plugins those of the directories and the policy of now.
///
/// # Errors
/// When the directories cannot be read or the store fails; the present plugins stay live.
pub async fn refresh(app: &App, grants: &dyn Grants) -> Result<(), Error> {
    if let Err(reason) = grants.reload() {
        tracing::error!(%reason, "the policy cannot be read; the grants stay as they were");
    }
    let scan = app.ports.packages.scan().await.map_err(|error| Error::internal(format!("failed to scan the plugin directories: {error}")))?;
    let present = app.catalog.view();
    let mut next = CatalogView::default();
    next.broken = scan.broken.iter().map(|broken| BrokenPlugin { path: broken.path.display().to_string(), reason: broken.reason.clone() }).collect();
    for package in scan.packages {
        let granted = grants.granted(package.digest);
        next.grants.insert(package.digest, granted.clone());
        let key = (package.manifest.kind, package.manifest.name.clone());
        match admit(app, &package, granted).await? {
            Admitted::Live(plugin) => {
                next.live.insert(key, plugin);
            }
            Admitted::Held(held) => {
                keep(&present, &mut next, &key);
                next.held.push(held);
            }
            Admitted::Broken(broken) => {
                keep(&present, &mut next, &key);
                next.broken.push(broken);
            }
        }
    }
    // A file that broke while it was live (torn, half written) leaves its plugin as it was.
    let broken_paths: BTreeSet<String> = next.broken.iter().map(|broken| broken.path.clone()).collect();
    if !broken_paths.is_empty() {
        let names: Vec<(PluginKind, String)> = present.live.keys().cloned().collect();
        for key in names.into_iter().filter(|(_, name)| broken_paths.iter().any(|path| stem(path) == name)) {
            keep(&present, &mut next, &key);
        }
    }
    for plugin in next.live.values().filter(|plugin| plugin.manifest.kind == PluginKind::Personality) {
        for personality in &plugin.manifest.personalities {
            next.personalities.insert(personality.id.clone(), Arc::clone(plugin));
        }
    }
    report(&present, &next);
    app.catalog.swap(next);
    unload(app, &present);
    Ok(())
}

/// Refresh at each change until told to stop.
pub async fn watch(app: Arc<App>, grants: Arc<dyn Grants>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.ports.packages.changed() => {}
            () = app.ports.clock.sleep(SLOW_SCAN) => {}
        }
        if let Err(error) = refresh(&app, grants.as_ref()).await {
            tracing::error!(%error, "failed to refresh the plugins; the present ones stay live");
        }
    }
}

enum Admitted {
    Live(Arc<LivePlugin>),
    Held(HeldPlugin),
    Broken(BrokenPlugin),
}

/// Compile, try, compare with the grants, record.
async fn admit(app: &App, package: &Package, granted: Vec<Capability>) -> Result<Admitted, Error> {
    let digest = package.digest;
    if let Some(live) = app.catalog.by_digest(digest).filter(|live| live.granted == granted) {
        return Ok(Admitted::Live(live));
    }
    let compiled = match app.ports.components.compile(package.bytes.clone(), &package.manifest).await {
        Ok(compiled) => compiled,
        Err(ComponentError::Internal(reason)) => return Err(Error::internal(reason)),
        Err(error) => return Ok(Admitted::Broken(broken(package, &error.to_string()))),
    };
    let undeclared: Vec<&String> =
        compiled.imports.iter().filter(|import| !package.manifest.capabilities.iter().any(|capability| capability.interface() == import.as_str())).collect();
    if !undeclared.is_empty() {
        let reason = format!("it imports {undeclared:?} and its manifest does not request them; request them with a reason, or drop the import");
        return Ok(Admitted::Broken(broken(package, &reason)));
    }
    if let Err(error) = app.ports.components.trial(digest).await {
        return Ok(Admitted::Broken(broken(package, &error.to_string())));
    }
    let missing: Vec<Capability> = missing(&package.manifest.capabilities, &granted).into_iter().cloned().collect();
    if !missing.is_empty() {
        return Ok(Admitted::Held(HeldPlugin { digest, manifest: package.manifest.clone(), missing }));
    }
    record(app, package).await?;
    Ok(Admitted::Live(Arc::new(LivePlugin { digest, manifest: package.manifest.clone(), granted, profile: compiled.profile })))
}

/// A second host finds the bytes in the database.
async fn record(app: &App, package: &Package) -> Result<(), Error> {
    let failed = |error: crate::ports::store_error::StoreError| Error::internal(format!("failed to record {}: {error}", package.manifest.id()));
    app.ports.blobs.put_blob(package.bytes.clone()).await.map_err(failed)?;
    let record = PluginRecord {
        digest: package.digest,
        manifest: package.manifest.clone(),
        size: package.bytes.len() as u64,
        installed_at: app.ports.clock.now(),
    };
    app.ports.plugins.insert_plugin(record).await.map_err(failed)
}

fn broken(package: &Package, reason: &str) -> BrokenPlugin {
    BrokenPlugin { path: package.path.display().to_string(), reason: reason.to_owned() }
}

/// What serves now goes on serving.
fn keep(present: &CatalogView, next: &mut CatalogView, key: &(PluginKind, String)) {
    if let Some(plugin) = present.live.get(key) {
        if !next.live.contains_key(key) {
            next.grants.entry(plugin.digest).or_insert_with(|| plugin.granted.clone());
            next.live.insert(key.clone(), Arc::clone(plugin));
        }
    }
}

/// `NAME` of `…/NAME.wasm` or `…/NAME/plugin.wasm`.
fn stem(path: &str) -> &str {
    let path = path.strip_suffix("/plugin.wasm").or_else(|| path.strip_suffix(".wasm")).unwrap_or(path);
    path.rsplit('/').next().unwrap_or(path)
}

fn report(present: &CatalogView, next: &CatalogView) {
    for (key, plugin) in &next.live {
        if present.live.get(key).is_none_or(|before| before.digest != plugin.digest) {
            tracing::info!(plugin = %plugin.manifest.id(), digest = %plugin.digest, "live");
        }
    }
    for (key, plugin) in present.live.iter().filter(|(key, _)| !next.live.contains_key(*key)) {
        tracing::info!(plugin = %plugin.manifest.id(), kind = key.0.as_str(), "gone; calls in flight end on it");
    }
    for held in next.held.iter().filter(|held| !present.held.contains(held)) {
        tracing::warn!(plugin = %held.manifest.id(), digest = %held.digest, missing = ?held.missing, "held: grants are missing");
    }
    for broken in next.broken.iter().filter(|broken| !present.broken.contains(broken)) {
        tracing::warn!(path = %broken.path, reason = %broken.reason, "not a usable plugin");
    }
}

/// Versions that nobody resolves any more leave the memory; calls in flight hold what they need.
fn unload(app: &App, before: &CatalogView) {
    let live: BTreeSet<Digest> = app.catalog.view().live.values().map(|plugin| plugin.digest).collect();
    for plugin in before.live.values().filter(|plugin| !live.contains(&plugin.digest)) {
        app.ports.components.unload(plugin.digest);
    }
}
