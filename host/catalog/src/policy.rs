//! The policy file: what an operator gives beforehand, so that a headless host never waits for a person.
//!
//! ```toml
//! [[grant]]
//! plugin = "hello@1.0.0"
//! digest = "sha256:…"
//! capabilities = [{ interface = "http", hosts = ["api.example.com"], methods = ["GET"] }]
//!
//! [source]
//! allow_file = true
//! allow_http = false
//!
//! [egress]
//! allow = ["127.0.0.1:9000", "*.internal"]
//! ```

mod keys;

use app::ports::grants::Grants;
use domain::id::Digest;
use domain::manifest::grant::Capability;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// A policy file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy file {}: {reason}", path.display())]
pub struct PolicyError {
    /// Which file.
    pub path: PathBuf,
    /// What is wrong and what to do.
    pub reason: String,
}

/// The sum of all policy files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    grants: BTreeMap<Digest, Vec<Capability>>,
    /// Clone `file://` repositories.
    pub allow_file: bool,
    /// Clone over plain http.
    pub allow_http: bool,
    /// Hosts and ranges beyond the public internet, as written.
    pub egress_allow: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    grant: Vec<Grant>,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    egress: Egress,
}

#[derive(Deserialize)]
struct Grant {
    /// For the reader of the file; the digest decides.
    #[serde(rename = "plugin")]
    _plugin: String,
    digest: Digest,
    capabilities: Vec<Capability>,
}

#[derive(Deserialize, Default)]
struct Source {
    #[serde(default)]
    allow_file: bool,
    #[serde(default)]
    allow_http: bool,
}

#[derive(Deserialize, Default)]
struct Egress {
    #[serde(default)]
    allow: Vec<String>,
}

impl Policy {
    /// Read all files and add them up.
    ///
    /// # Errors
    /// A file that is missing, is not TOML, or has an unknown key.
    pub fn load(paths: &[PathBuf]) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        for path in paths {
            let wrong = |reason: String| PolicyError { path: path.clone(), reason };
            let text = std::fs::read_to_string(path)
                .map_err(|error| wrong(format!("it cannot be read: {error}")))?;
            policy.add(&text).map_err(wrong)?;
        }
        Ok(policy)
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        keys::check(&table)?;
        // From the text again, so that an error shows its line.
        let File { grant, source, egress } = toml::from_str(text).map_err(|error| error.to_string())?;
        for Grant { digest, capabilities, .. } in grant {
            self.grants.entry(digest).or_default().extend(capabilities);
        }
        self.allow_file |= source.allow_file;
        self.allow_http |= source.allow_http;
        self.egress_allow.extend(egress.allow);
        Ok(())
    }

    /// What the component with this digest was given.
    #[must_use]
    pub fn granted(&self, digest: Digest) -> Vec<Capability> {
        self.grants.get(&digest).cloned().unwrap_or_default()
    }

    /// How many components were given something.
    #[must_use]
    pub fn len(&self) -> usize {
        self.grants.len()
    }

    /// Whether nothing was given to any component.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }
}

/// Policy files whose grants follow the files. `[source]` and `[egress]` are read at start only: they are wired into adapters.
#[derive(Debug)]
pub struct PolicyFiles {
    paths: Vec<PathBuf>,
    present: RwLock<Arc<Policy>>,
}

impl PolicyFiles {
    /// Read the files.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn open(paths: Vec<PathBuf>) -> Result<Self, PolicyError> {
        let policy = Policy::load(&paths)?;
        Ok(Self { paths, present: RwLock::new(Arc::new(policy)) })
    }

    /// The files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter().map(PathBuf::as_path)
    }

    /// What is in force.
    #[must_use]
    pub fn present(&self) -> Arc<Policy> {
        Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Grants for PolicyFiles {
    fn reload(&self) -> Result<(), String> {
        let policy = Policy::load(&self.paths).map_err(|error| error.to_string())?;
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
        Ok(())
    }

    fn granted(&self, digest: Digest) -> Vec<Capability> {
        self.present().granted(digest)
    }

    fn all(&self) -> BTreeMap<Digest, Vec<Capability>> {
        self.present().grants.clone()
    }
}

#[cfg(test)]
mod tests;
