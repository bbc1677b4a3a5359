//! Versions that no file has any more: the one that was live before a restart, and the one that a new version replaced. Both come from the
//! database, where every version that went live is.

use super::memory::Memory;
use super::{Install, Key};
use crate::catalog::{CatalogView, LivePlugin};
use crate::ports::components::ComponentError;
use crate::ports::grants::Grants;
use crate::ports::packages::Scan;
use crate::ports::plugins::LiveRecord;
use domain::error::Error;
use domain::id::Digest;
use domain::manifest::grant::missing;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a version cannot come back.
enum Lost {
    /// Not now; perhaps at the next look.
    Now(String),
    /// Not under the grants of now, or not at all.
    Lasting(String),
}

impl Install<'_> {
    /// The present view with what was live before the restart and has another version in its file now: it goes on serving if that one
    /// may not.
    pub(super) async fn with_past(
        &self,
        memory: &mut Memory,
        grants: &dyn Grants,
        present: &CatalogView,
        scan: &Scan,
    ) -> Result<CatalogView, Error> {
        if !memory.knows_the_past() {
            memory.remember(self.plugins.list_live(self.installation).await?);
        }
        let mut view = present.clone();
        for record in memory.take_absent() {
            let key = (record.kind, record.name.clone());
            let Some(path) = file_of(&record, scan).filter(|_| !view.live.contains_key(&key)) else {
                continue;
            };
            if scan.packages.iter().any(|package| package.digest == record.digest) {
                if record.previous.is_some() {
                    self.catalog.trials.begin(record.digest);
                }
                continue;
            }
            match self.bring_back(grants, record.digest).await {
                Ok(plugin) => {
                    memory.set_path(record.digest, path);
                    let plugin = Arc::new(plugin);
                    for personality in &plugin.manifest.personalities {
                        view.personalities
                            .entry(personality.id.clone())
                            .or_insert_with(|| Arc::clone(&plugin));
                    }
                    view.live.insert(key, plugin);
                }
                Err(Lost::Now(reason)) => {
                    tracing::error!(plugin = record.name, digest = %record.digest, reason, "the version that was live before the restart cannot be had; trying again");
                    memory.keep_absent(record);
                }
                Err(Lost::Lasting(reason)) => {
                    tracing::warn!(plugin = record.name, digest = %record.digest, reason, "the version that was live before the restart cannot serve");
                }
            }
        }
        Ok(view)
    }

    /// Versions before those that trapped too often. What trapped is not loaded again until its file changes.
    pub(super) async fn take_back(
        &self,
        memory: &mut Memory,
        grants: &dyn Grants,
        present: &CatalogView,
    ) -> BTreeMap<Key, Arc<LivePlugin>> {
        let mut back = BTreeMap::new();
        for digest in self.catalog.trials.failed(self.trap_limit) {
            let Some((key, failed)) = present.live.iter().find(|(_, plugin)| plugin.digest == digest) else {
                self.catalog.trials.end(digest);
                continue;
            };
            let Some(previous) = memory.previous(key) else {
                self.catalog.trials.end(digest);
                continue;
            };
            let id = failed.manifest.id();
            match self.bring_back(grants, previous).await {
                Ok(plugin) => {
                    let to = plugin.manifest.id();
                    let limit = self.trap_limit;
                    let reason = format!(
                        "{id} was taken back: it trapped {limit} times in a row after it was swapped in; {to} ({previous}) serves \
                         again. Put another version into the file"
                    );
                    tracing::error!(plugin = id, %digest, traps = limit, previous = to, previous_digest = %previous, "a new version trapped too often and was taken back");
                    memory.reject(digest, key.clone(), reason);
                    let path = memory.path(digest).cloned().unwrap_or_default();
                    memory.set_path(previous, path);
                    back.insert(key.clone(), Arc::new(plugin));
                    self.catalog.trials.end(digest);
                }
                Err(Lost::Now(reason)) => {
                    tracing::error!(plugin = id, %digest, previous_digest = %previous, reason, "a new version traps, and the one before cannot be had; trying again");
                }
                Err(Lost::Lasting(reason)) => {
                    tracing::error!(plugin = id, %digest, previous_digest = %previous, reason, "a new version traps, and the one before cannot serve: it stays");
                    memory.forget_previous(key);
                    self.catalog.trials.end(digest);
                }
            }
        }
        back
    }

    /// What the next refresh has to know about this one: which version replaced which, and what goes into the database.
    pub(super) async fn keep(
        &self,
        memory: &mut Memory,
        before: &CatalogView,
        after: &CatalogView,
        back: &BTreeMap<Key, Arc<LivePlugin>>,
    ) {
        for (key, plugin) in &after.live {
            match before.live.get(key) {
                Some(old) if old.digest != plugin.digest => {
                    if back.contains_key(key) {
                        memory.forget_previous(key);
                    } else {
                        memory.replaced(key.clone(), old.digest);
                        self.catalog.trials.begin(plugin.digest);
                    }
                }
                Some(_) | None => {}
            }
        }
        for key in memory.replaceable() {
            let is_new = |plugin: &Arc<LivePlugin>| self.catalog.trials.is_new(plugin.digest);
            if !after.live.get(&key).is_some_and(is_new) {
                memory.forget_previous(&key);
            }
        }
        if let Some(live) = memory.to_store(after) {
            match self.plugins.replace_live(self.installation, live.clone()).await {
                Ok(()) => memory.stored(live),
                // The next refresh tries again.
                Err(error) => tracing::error!(%error, "failed to record which plugins are live"),
            }
        }
    }

    /// A version from the database, under the grants of now.
    async fn bring_back(&self, grants: &dyn Grants, digest: Digest) -> Result<LivePlugin, Lost> {
        let now = |error: &dyn std::fmt::Display| Lost::Now(error.to_string());
        let record = self.plugins.find_plugin(digest).await.map_err(|error| now(&error))?;
        let bytes = self.blobs.find_blob(digest).await.map_err(|error| now(&error))?;
        let (Some(record), Some(bytes)) = (record, bytes) else {
            return Err(Lost::Lasting("it is not in the database any more".to_owned()));
        };
        let granted = grants.granted(digest);
        let lacks = missing(&record.manifest.capabilities, &granted);
        if !lacks.is_empty() {
            let names: Vec<&str> = lacks.iter().map(|capability| capability.interface()).collect();
            let names = names.join(", ");
            return Err(Lost::Lasting(format!("the policy grants its digest no {names} any more")));
        }
        match self.components.compile(bytes, &record.manifest).await {
            Ok(compiled) => Ok(LivePlugin {
                digest,
                manifest: record.manifest,
                granted,
                profile: compiled.profile,
                owner: None,
            }),
            Err(error @ ComponentError::Internal(_)) => Err(now(&error)),
            Err(error) => Err(Lost::Lasting(error.to_string())),
        }
    }
}

/// The file that the version came from, if there is one at that path.
fn file_of(record: &LiveRecord, scan: &Scan) -> Option<PathBuf> {
    let packages = scan.packages.iter().map(|package| &package.path);
    let broken = scan.broken.iter().map(|broken| &broken.path);
    packages.chain(broken).find(|path| path.display().to_string() == record.path).cloned()
}
