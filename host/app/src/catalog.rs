//! What is live on this host: which version of a plugin new calls go to, and with which grants. `crate::install` changes it.

use crate::ports::components::Profile;
use domain::history::ComponentRef;
use domain::id::{Digest, UserId};
use domain::manifest::grant::Capability;
use domain::manifest::{Manifest, PluginKind};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A plugin that calls go to.
#[derive(Debug, Clone, PartialEq)]
pub struct LivePlugin {
    /// The identity of its bytes.
    pub digest: Digest,
    /// What it says about itself.
    pub manifest: Manifest,
    /// What it was given, by digest.
    pub granted: Vec<Capability>,
    /// How it runs.
    pub profile: Profile,
    /// The user whose own it is; none for the host's.
    pub owner: Option<UserId>,
}

/// A plugin that is not live, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldPlugin {
    /// The identity of its bytes.
    pub digest: Digest,
    /// What it says about itself.
    pub manifest: Manifest,
    /// What no grant covers.
    pub missing: Vec<Capability>,
}

/// A file that cannot be a plugin, for `skep plugins` and the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenPlugin {
    /// Where.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// Everything that a swap replaces at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogView {
    /// By kind and plugin name.
    pub live: BTreeMap<(PluginKind, String), Arc<LivePlugin>>,
    /// By personality id: the plugin that provides it.
    pub personalities: BTreeMap<String, Arc<LivePlugin>>,
    /// Every digest's grants, of the policy of now.
    pub grants: BTreeMap<Digest, Vec<Capability>>,
    /// Waiting for a grant.
    pub held: Vec<HeldPlugin>,
    /// Not usable.
    pub broken: Vec<BrokenPlugin>,
}

/// The live plugins. Readers take a snapshot; a swap never waits for them.
#[derive(Debug, Default)]
pub struct LivePlugins {
    view: RwLock<Arc<CatalogView>>,
    /// How calls of versions that were just swapped in end.
    pub(crate) trials: crate::install::trial::Trials,
    /// What one refresh tells the next; whoever holds it refreshes.
    pub(crate) memory: tokio::sync::Mutex<crate::install::memory::Memory>,
}

impl LivePlugins {
    /// The present view.
    pub fn view(&self) -> Arc<CatalogView> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Make another view present at once.
    pub fn swap(&self, view: CatalogView) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }

    /// The plugin that a new call goes to.
    pub fn resolve(&self, component: &ComponentRef) -> Option<Arc<LivePlugin>> {
        let view = self.view();
        match component {
            ComponentRef::Personality(id) => view.personalities.get(id).cloned(),
            ComponentRef::Skill(name) => view.live.get(&(PluginKind::Skill, name.clone())).cloned(),
            ComponentRef::Step(name) => view.live.get(&(PluginKind::Step, name.clone())).cloned(),
        }
    }

    /// What a digest was given, live or not: calls of a drained version use the grants of now.
    pub fn granted(&self, digest: Digest) -> Vec<Capability> {
        self.view().grants.get(&digest).cloned().unwrap_or_default()
    }

    /// The live plugin of that digest, if it is still live.
    pub fn by_digest(&self, digest: Digest) -> Option<Arc<LivePlugin>> {
        self.view().live.values().find(|plugin| plugin.digest == digest).cloned()
    }
}
