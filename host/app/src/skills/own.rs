//! Calls that go to a user's own plugins.

use crate::catalog::LivePlugin;
use crate::context::App;
use crate::ports::components::{ComponentError, Profile};
use crate::ports::skills::{Skill, SkillVersion};
use crate::ports::store_error::StoreError;
use domain::component::CallFailure;
use domain::history::ComponentRef;
use domain::id::{Digest, UserId};
use domain::manifest::grant::Capability;
use domain::manifest::{Manifest, PluginKind};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Code that no call has used for so long leaves the memory; the next call has it from the cache of the compiler.
const IDLE: Duration = Duration::from_secs(600);
/// Packages that are installed at once on this host: each is read into memory and compiled.
const INSTALLS: usize = 2;

/// Components of users whose code is in memory, and the doors of the installation.
#[derive(Debug)]
pub(crate) struct OwnPlugins {
    loaded: Mutex<BTreeMap<Digest, (Profile, Duration)>>,
    /// One permit for each installation.
    pub(super) installs: Semaphore,
}

impl Default for OwnPlugins {
    fn default() -> Self {
        Self { loaded: Mutex::default(), installs: Semaphore::new(INSTALLS) }
    }
}

impl OwnPlugins {
    fn loaded(&self) -> MutexGuard<'_, BTreeMap<Digest, (Profile, Duration)>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The plugin that a new call of this user's goes to: its own before the host's.
pub(crate) async fn resolve(
    app: &App,
    user: UserId,
    component: &ComponentRef,
) -> Result<Option<Arc<LivePlugin>>, StoreError> {
    let skills = app.ports.skills.list_skills(user).await?;
    let own = skills.iter().filter_map(|skill| live(app, user, skill));
    let provides = |manifest: &Manifest| match component {
        ComponentRef::Personality(id) => {
            manifest.personalities.iter().any(|personality| personality.id == *id)
        }
        ComponentRef::Skill(name) => manifest.kind == PluginKind::Skill && manifest.name == *name,
        ComponentRef::Step(name) => manifest.kind == PluginKind::Step && manifest.name == *name,
    };
    // Of several that bring one personality the one that was installed last.
    let own = own
        .filter(|(_, plugin)| provides(&plugin.manifest))
        .max_by_key(|(skill, _)| (skill.updated_at, skill.id.clone()));
    Ok(own.map(|(_, plugin)| Arc::new(plugin)).or_else(|| app.catalog.resolve(component)))
}

/// The live version of a skill as a plugin; none where it is text only or held.
pub(crate) fn live<'a>(app: &App, user: UserId, skill: &'a Skill) -> Option<(&'a Skill, LivePlugin)> {
    let version: &SkillVersion = skill.live.as_ref()?;
    let (digest, manifest) = (version.component?, version.manifest.clone()?);
    let granted = [skill.live_granted.clone(), app.catalog.granted(digest)].concat();
    let profile = app.own.loaded().get(&digest).map_or(Profile::Small, |(profile, _)| *profile);
    Some((skill, LivePlugin { digest, manifest, granted, profile, owner: Some(user) }))
}

/// A version that a scope began on, whatever is live now.
pub(crate) async fn pinned(
    app: &App,
    user: UserId,
    digest: Digest,
) -> Result<Option<Arc<LivePlugin>>, StoreError> {
    let Some(manifest) = app.ports.skills.find_component(user, digest).await? else { return Ok(None) };
    let granted = granted(app, user, digest).await?;
    Ok(Some(Arc::new(LivePlugin { digest, manifest, granted, profile: Profile::Small, owner: Some(user) })))
}

/// What a user's component may do now: what the user granted, and what the operator's policy gives to those bytes.
pub(crate) async fn granted(app: &App, user: UserId, digest: Digest) -> Result<Vec<Capability>, StoreError> {
    let own = app.ports.skills.skill_grants(user, digest).await?;
    Ok([own, app.catalog.granted(digest)].concat())
}

/// Have the code of a user's component in memory. Answers how it runs.
pub(crate) async fn load(
    app: &App,
    digest: Digest,
    manifest: &Manifest,
) -> Result<Result<Profile, CallFailure>, StoreError> {
    let components = &app.ports.components;
    let present = app.own.loaded().get(&digest).map(|(profile, _)| *profile);
    let profile = match present.filter(|_| components.is_loaded(digest)) {
        Some(profile) => profile,
        None => {
            let unloadable = |message: String| Ok(Err(CallFailure::Unloadable { message }));
            let Some(bytes) = app.ports.blobs.find_blob(digest).await? else {
                return unloadable(format!(
                    "the bytes of {} ({digest}) are not in the database",
                    manifest.id()
                ));
            };
            match components.compile(bytes, manifest).await {
                Ok(compiled) => compiled.profile,
                Err(error @ ComponentError::Internal(_)) => {
                    return Err(StoreError::Unavailable(error.to_string()));
                }
                Err(error) => return unloadable(error.to_string()),
            }
        }
    };
    used(app, digest, profile);
    Ok(Ok(profile))
}

/// A component of a user is in use; what no call uses any more leaves the memory.
pub(super) fn used(app: &App, digest: Digest, profile: Profile) {
    let now = app.ports.clock.elapsed();
    let mut loaded = app.own.loaded();
    loaded.insert(digest, (profile, now));
    let idle: Vec<Digest> = loaded
        .iter()
        .filter(|(_, (_, used))| used.saturating_add(IDLE) < now)
        .map(|(digest, _)| *digest)
        .collect();
    for digest in idle {
        loaded.remove(&digest);
        unload(app, digest);
    }
}

/// A version was replaced or deleted: its code leaves the memory once its calls have ended.
pub(super) fn release(app: &App, digest: Digest) {
    app.own.loaded().remove(&digest);
    unload(app, digest);
}

/// Unless the host serves the same bytes to everybody.
fn unload(app: &App, digest: Digest) {
    if app.catalog.by_digest(digest).is_none() {
        app.ports.components.unload(digest);
    }
}
