//! From packages on disk to live plugins: compile, check imports, trial, grants, record, swap. One path for every way in which a package
//! comes.
//!
//! - A broken file never replaces a working one, and an update that asks for more than it was given is held while the old version serves.
//! - A plugin whose own grant is taken away stops serving: at once when the policy gives its digest less, after a short grace when the
//!   digest is gone from the policy (a build replaces grants a moment before it replaces the files).
//! - A version that was just swapped in and traps again and again is taken back: the one before serves until the file changes.
//! - After a restart the version that was live goes on serving while its file holds one that may not: it is in the database.
//! - Calls in flight end on the version they began on; its code leaves the memory a while after the swap.
//!
//! Start reading at [`refresh`]; `admit` judges one package, `before` brings versions back, `memory` holds what one refresh knows of the
//! last.

mod admit;
mod before;
pub(crate) mod memory;
mod report;
pub(crate) mod trial;

use crate::App;
use crate::catalog::{BrokenPlugin, CatalogView, HeldPlugin, LivePlugin, LivePlugins};
use crate::ports::blobs::Blobs;
use crate::ports::clock::Clock;
use crate::ports::components::{Components, Profile};
use crate::ports::grants::Grants;
use crate::ports::packages::{Package, Packages, Scan};
use crate::ports::plugins::Plugins;
use domain::error::{Code, Error};
use domain::id::Digest;
use domain::manifest::PluginKind;
use domain::manifest::grant::{Capability, missing};
use memory::Memory;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Behind the signals of the file system, which may be lost.
const SLOW_SCAN: Duration = Duration::from_secs(30);
/// While something waits for its time.
const SOON: Duration = Duration::from_secs(5);

/// Make the live plugins those of the directories and the policy of now. Refreshes that meet run one after the other.
///
/// # Errors
/// When the directories cannot be read; the present plugins stay live. Trouble with one package is in the view.
pub async fn refresh(app: &App, grants: &dyn Grants) -> Result<(), Error> {
    Install::of(app).refresh(grants).await
}

/// The stages between the manifest and the record, for a package that did not come from a directory: compile within limits, imports
/// against what is requested, a trial instance. What cannot run here is dropped from memory again.
///
/// # Errors
/// 422 with the reason; 500 when the host's own part failed.
pub(crate) async fn examine(app: &App, package: &Package) -> Result<Profile, Error> {
    Install::of(app).examine(package).await.map_err(|unfit| {
        if app.catalog.by_digest(package.digest).is_none() {
            app.ports.components.unload(package.digest);
        }
        let code = if unfit.lasting { Code::Unprocessable } else { Code::InternalError };
        Error::new(code, unfit.reason)
    })
}

/// Refresh at each change until told to stop.
pub async fn watch(app: Arc<App>, grants: Arc<dyn Grants>, shutdown: CancellationToken) {
    loop {
        let slow = if app.catalog.memory.lock().await.is_waiting() { SOON } else { SLOW_SCAN };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.ports.packages.changed() => {}
            () = app.catalog.trials.until_failed() => {}
            () = app.ports.clock.sleep(slow) => {}
        }
        // Dropping a refresh leaves the present view; a half compiled component is compiled again at the next start.
        tokio::select! {
            () = shutdown.cancelled() => return,
            refreshed = refresh(&app, grants.as_ref()) => if let Err(error) = refreshed {
                tracing::error!(%error, "failed to refresh the plugins; the present ones stay live");
            }
        }
    }
}

/// The parts of the application that installing uses.
struct Install<'a> {
    packages: &'a dyn Packages,
    components: &'a dyn Components,
    blobs: &'a dyn Blobs,
    plugins: &'a dyn Plugins,
    clock: &'a dyn Clock,
    catalog: &'a LivePlugins,
    installation: Uuid,
    trap_limit: u32,
}

type Key = (PluginKind, String);

/// The next view while it is put together.
#[derive(Default)]
struct Draft {
    view: CatalogView,
    /// Live plugins with their place in the scan: a later one provides a personality that several have.
    ranked: Vec<(usize, Arc<LivePlugin>)>,
    /// Live plugins whose file is broken now: their place is not known, so they keep the personalities that they have.
    unranked: Vec<Arc<LivePlugin>>,
    paths: BTreeMap<Digest, PathBuf>,
    /// Digests that are not live any more because their grant was taken away.
    revoked: BTreeSet<Digest>,
}

impl<'a> Install<'a> {
    fn of(app: &'a App) -> Self {
        Self {
            packages: app.ports.packages.as_ref(),
            components: app.ports.components.as_ref(),
            blobs: app.ports.blobs.as_ref(),
            plugins: app.ports.plugins.as_ref(),
            clock: app.ports.clock.as_ref(),
            catalog: &app.catalog,
            installation: app.settings.installation,
            trap_limit: app.settings.trap_limit,
        }
    }

    async fn refresh(&self, grants: &dyn Grants) -> Result<(), Error> {
        let mut memory = self.catalog.memory.lock().await;
        memory.policy(grants.reload());
        let scan =
            self.packages.scan().await.map_err(|error| {
                Error::internal(format!("failed to scan the plugin directories: {error}"))
            })?;
        let before = self.with_past(&mut memory, grants, &self.catalog.view(), &scan).await?;
        let back = self.take_back(&mut memory, grants, &before).await;
        let after = self.draft(&mut memory, grants, &before, &back, scan).await;
        report::log(&before, &after);
        self.keep(&mut memory, &before, &after, &back).await;
        let left: Vec<Digest> = digests(&before).difference(&digests(&after)).copied().collect();
        self.catalog.swap(after);
        let now = self.clock.elapsed();
        left.into_iter().for_each(|digest| memory.drain(digest, now));
        let live = digests(&self.catalog.view());
        memory.drained(now, &live).into_iter().for_each(|digest| self.components.unload(digest));
        Ok(())
    }

    async fn draft(
        &self,
        memory: &mut Memory,
        grants: &dyn Grants,
        before: &CatalogView,
        back: &BTreeMap<Key, Arc<LivePlugin>>,
        scan: Scan,
    ) -> CatalogView {
        let mut draft = Draft::default();
        draft.view.grants = grants.all();
        draft.view.broken =
            scan.broken.iter().map(|broken| report::broken(&broken.path, &broken.reason)).collect();
        let mut unusable: BTreeSet<PathBuf> = scan.broken.into_iter().map(|broken| broken.path).collect();
        memory.keep_only(&scan.packages.iter().map(|package| package.digest).collect());
        let mut candidates: BTreeMap<Key, Vec<(usize, Package)>> = BTreeMap::new();
        for (rank, package) in scan.packages.into_iter().enumerate() {
            candidates
                .entry((package.manifest.kind, package.manifest.name.clone()))
                .or_default()
                .push((rank, package));
        }
        for (key, candidates) in &candidates {
            let present = back.get(key).or_else(|| before.live.get(key));
            self.choose(memory, grants, present, candidates, &mut draft, &mut unusable).await;
        }
        for (key, plugin) in before.live.iter().filter(|(key, _)| !candidates.contains_key(*key)) {
            let path = memory.path(plugin.digest);
            if path.is_some_and(|path| unusable.contains(path)) {
                tracing::debug!(plugin = key.1, "its file is broken; it goes on serving");
                self.retain(memory, grants, plugin, None, &mut draft);
            }
        }
        let draining = memory.draining();
        memory.set_paths(std::mem::take(&mut draft.paths));
        draft.finish(before, &draining)
    }

    /// The most preferred package of one name that can go live.
    async fn choose(
        &self,
        memory: &mut Memory,
        grants: &dyn Grants,
        present: Option<&Arc<LivePlugin>>,
        candidates: &[(usize, Package)],
        draft: &mut Draft,
        unusable: &mut BTreeSet<PathBuf>,
    ) {
        for (rank, package) in candidates.iter().rev() {
            let rejected = memory.rejected(package.digest).map(|why| report::broken(&package.path, why));
            let admitted = match (rejected, present.filter(|present| present.digest == package.digest)) {
                (Some(broken), _) => Err(Refusal::Broken(broken)),
                (None, Some(present)) => {
                    self.renew(memory, grants, present).map(Arc::new).map_err(Refusal::Held)
                }
                (None, None) => {
                    self.admit(memory, package, grants.granted(package.digest)).await.map(Arc::new)
                }
            };
            match admitted {
                Ok(plugin) => return draft.add(Some(*rank), plugin, &package.path),
                Err(Refusal::Held(held)) => {
                    if present.is_some_and(|present| present.digest == held.digest) {
                        draft.revoked.insert(held.digest);
                    }
                    draft.view.held.push(*held);
                }
                Err(Refusal::Broken(broken)) => {
                    unusable.insert(package.path.clone());
                    draft.view.broken.push(broken);
                }
            }
            // An update in place: the version that serves has no file any more and is still the newest that may serve.
            if let Some(present) =
                present.filter(|present| memory.path(present.digest) == Some(&package.path))
                && !draft.revoked.contains(&present.digest)
                && self.retain(memory, grants, present, Some(*rank), draft)
            {
                return;
            }
        }
        if let (Some(present), Some((rank, _))) = (present, candidates.last())
            && !draft.revoked.contains(&present.digest)
        {
            self.retain(memory, grants, present, Some(*rank), draft);
        }
    }

    /// Leave the version that serves, under the grants of now. Answers whether it goes on serving.
    fn retain(
        &self,
        memory: &mut Memory,
        grants: &dyn Grants,
        plugin: &Arc<LivePlugin>,
        rank: Option<usize>,
        draft: &mut Draft,
    ) -> bool {
        match self.renew(memory, grants, plugin) {
            Ok(renewed) => {
                let path = memory.path(plugin.digest).cloned().unwrap_or_default();
                draft.add(rank, Arc::new(renewed), &path);
                true
            }
            Err(held) => {
                draft.revoked.insert(held.digest);
                draft.view.held.push(*held);
                false
            }
        }
    }

    /// A live plugin under the grants of now.
    fn renew(
        &self,
        memory: &mut Memory,
        grants: &dyn Grants,
        plugin: &LivePlugin,
    ) -> Result<LivePlugin, Box<HeldPlugin>> {
        let granted = grants.granted(plugin.digest);
        let lost: Vec<Capability> =
            missing(&plugin.manifest.capabilities, &granted).into_iter().cloned().collect();
        if lost.is_empty() {
            memory.forget_loss(plugin.digest);
            return Ok(LivePlugin { granted, ..plugin.clone() });
        }
        let narrowed = !granted.is_empty();
        if !narrowed && memory.is_in_grace(plugin.digest, self.clock.elapsed()) {
            return Ok(plugin.clone());
        }
        Err(Box::new(HeldPlugin { digest: plugin.digest, manifest: plugin.manifest.clone(), missing: lost }))
    }
}

/// Why a package does not go live.
enum Refusal {
    /// No grant covers what it asks for.
    Held(Box<HeldPlugin>),
    /// It cannot run.
    Broken(BrokenPlugin),
}

impl Draft {
    fn add(&mut self, rank: Option<usize>, plugin: Arc<LivePlugin>, path: &Path) {
        self.view.grants.insert(plugin.digest, plugin.granted.clone());
        self.paths.insert(plugin.digest, path.to_path_buf());
        match rank {
            Some(rank) => self.ranked.push((rank, plugin)),
            None => self.unranked.push(plugin),
        }
    }

    fn finish(mut self, before: &CatalogView, draining: &BTreeSet<Digest>) -> CatalogView {
        let view = &mut self.view;
        self.ranked.sort_by_key(|(rank, _)| *rank);
        let ranked = self.ranked.iter().map(|(_, plugin)| plugin);
        for plugin in self.unranked.iter().chain(ranked) {
            view.live.insert((plugin.manifest.kind, plugin.manifest.name.clone()), Arc::clone(plugin));
            for personality in &plugin.manifest.personalities {
                view.personalities.insert(personality.id.clone(), Arc::clone(plugin));
            }
        }
        for plugin in &self.unranked {
            let had = |id: &str| {
                before.personalities.get(id).is_some_and(|provider| provider.digest == plugin.digest)
            };
            for personality in plugin.manifest.personalities.iter().filter(|personality| had(&personality.id))
            {
                view.personalities.insert(personality.id.clone(), Arc::clone(plugin));
            }
        }
        // Tasks that were begun on a version end on it, under what it had, although its grant left the policy with its file.
        let begun = digests(before).into_iter().chain(draining.iter().copied());
        for digest in begun.filter(|digest| !self.revoked.contains(digest)) {
            if let (false, Some(granted)) = (view.grants.contains_key(&digest), before.grants.get(&digest)) {
                view.grants.insert(digest, granted.clone());
            }
        }
        self.view
    }
}

fn digests(view: &CatalogView) -> BTreeSet<Digest> {
    view.live.values().map(|plugin| plugin.digest).collect()
}

#[cfg(test)]
mod tests;
