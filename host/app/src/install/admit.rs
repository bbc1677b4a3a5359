//! One package: may it run here?

use super::memory::Memory;
use super::{Install, Refusal, report};
use crate::catalog::{HeldPlugin, LivePlugin};
use crate::ports::components::{Compiled, ComponentError, Profile};
use crate::ports::packages::Package;
use crate::ports::plugins::PluginRecord;
use crate::ports::store_error::StoreError;
use domain::manifest::Manifest;
use domain::manifest::grant::{Capability, missing};

impl Install<'_> {
    /// Compile, check imports, try, compare with the grants, record. What was found out before is not found out again.
    pub(super) async fn admit(
        &self,
        memory: &mut Memory,
        package: &Package,
        granted: Vec<Capability>,
    ) -> Result<LivePlugin, Refusal> {
        let (digest, manifest) = (package.digest, &package.manifest);
        let broken = |reason: &str| Refusal::Broken(report::broken(&package.path, reason));
        if let Some(reason) = memory.refused(digest) {
            return Err(broken(reason));
        }
        let missing: Vec<Capability> =
            missing(&manifest.capabilities, &granted).into_iter().cloned().collect();
        let held = || {
            let missing = missing.clone();
            Refusal::Held(Box::new(HeldPlugin { digest, manifest: manifest.clone(), missing }))
        };
        if !missing.is_empty() && memory.has_passed(digest) {
            return Err(held());
        }
        let profile = match self.examine(package).await {
            Ok(profile) => profile,
            Err(Unfit { reason, lasting }) => {
                if lasting {
                    memory.refuse(digest, reason.clone());
                }
                self.components.unload(digest);
                return Err(broken(&reason));
            }
        };
        memory.pass(digest);
        if !missing.is_empty() {
            self.components.unload(digest);
            return Err(held());
        }
        if let Err(error) = self.record(memory, package).await {
            return Err(broken(&format!("it could not be recorded and is tried again: {error}")));
        }
        Ok(LivePlugin { digest, manifest: manifest.clone(), granted, profile, owner: None })
    }

    pub(super) async fn examine(&self, package: &Package) -> Result<Profile, Unfit> {
        let compiled = self.components.compile(package.bytes.clone(), &package.manifest).await?;
        if let Some(reason) = undeclared(&compiled, &package.manifest) {
            return Err(Unfit { reason, lasting: true });
        }
        self.components.trial(package.digest).await?;
        Ok(compiled.profile)
    }

    /// So that a second host, and a task that outlives the file, find the bytes.
    async fn record(&self, memory: &mut Memory, package: &Package) -> Result<(), StoreError> {
        if memory.is_recorded(package.digest) {
            return Ok(());
        }
        self.blobs.put_blob(package.bytes.clone()).await?;
        let record = PluginRecord {
            digest: package.digest,
            manifest: package.manifest.clone(),
            size: package.bytes.len() as u64,
            installed_at: self.clock.now(),
        };
        self.plugins.insert_plugin(record).await?;
        memory.recorded(package.digest);
        Ok(())
    }
}

/// Why a component cannot run here.
pub(super) struct Unfit {
    pub(super) reason: String,
    /// The same bytes would fail again.
    pub(super) lasting: bool,
}

impl From<ComponentError> for Unfit {
    fn from(error: ComponentError) -> Self {
        let lasting = !matches!(error, ComponentError::Internal(_));
        Self { reason: error.to_string(), lasting }
    }
}

fn undeclared(compiled: &Compiled, manifest: &Manifest) -> Option<String> {
    let requested =
        |import: &str| manifest.capabilities.iter().any(|capability| capability.interface() == import);
    let undeclared: Vec<&str> =
        compiled.imports.iter().map(String::as_str).filter(|import| !requested(import)).collect();
    (!undeclared.is_empty()).then(|| {
        let names = undeclared.join(", ");
        format!("it imports {names} and its manifest does not request that; request it with a reason, or drop the import, and build again")
    })
}
