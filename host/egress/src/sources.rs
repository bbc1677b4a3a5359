//! Projects that come in: a folder below an allowed root, or a shallow clone of a git repository.

pub mod caps;
mod folder;
mod git;
mod limited;
mod proxy;
mod root;

pub use caps::Caps;
pub use limited::{Launcher, Limits, limit_program};
pub use root::{InvalidRoot, SourceRoot};

use crate::connect::{Names, SystemNames};
use crate::rules::{Rules, denied, invalid, parse_url, shown};
use app::ports::outbound::Purpose;
use app::ports::sources::{ClonedSource, SourceFile, Sources};
use domain::effect::{CallError, ErrorKind};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// What the operator configured.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// Folders that a source may come from. None: no folder may.
    pub roots: Vec<SourceRoot>,
    /// `[source] allow_file`: clone `file://` repositories of this machine.
    pub allow_file: bool,
    /// How git is started under limits. None: git sources are refused.
    pub launcher: Option<Launcher>,
    /// What each of git's processes may use.
    pub limits: Limits,
    /// The git program: a name to look for in `search_path`, or a path.
    pub git: PathBuf,
    /// `PATH` for git and what it starts; none: the system's default.
    pub search_path: Option<OsString>,
    /// Certificate authorities for git (`SSL_CERT_FILE`); none: git's default.
    pub certificates: Option<PathBuf>,
    /// How much is taken.
    pub caps: Caps,
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            allow_file: false,
            launcher: None,
            limits: Limits::default(),
            git: "git".into(),
            search_path: None,
            certificates: None,
            caps: Caps::default(),
        }
    }
}

/// The port `Sources`.
pub struct GuardedSources {
    rules: Arc<Rules>,
    names: Arc<dyn Names>,
    settings: SourceSettings,
}

impl GuardedSources {
    /// With the rules of the egress.
    #[must_use]
    pub fn new(rules: Arc<Rules>, settings: SourceSettings) -> Self {
        Self { rules, names: Arc::new(SystemNames), settings }
    }

    fn check(&self, text: &str) -> Result<Url, CallError> {
        let url = parse_url(text)?;
        match url.scheme() {
            "https" | "http" => self.rules.check_url(&url, Purpose::Source).map(|_| url),
            "file" if !self.settings.allow_file => {
                Err(denied("a file:// source needs `allow_file = true` under `[source]` in the policy"))
            }
            "file" if url.host_str().is_some_and(|host| !host.is_empty()) => {
                Err(invalid(format!("{} names another machine; write file:///path", shown(&url))))
            }
            "file" => Ok(url),
            other => Err(invalid(format!(
                "the source has the scheme {other:?}; use https:// (or http://, file:// where the policy allows them)"
            ))),
        }
    }
}

#[async_trait::async_trait]
impl Sources for GuardedSources {
    async fn read_folder(&self, path: &str) -> Result<Vec<SourceFile>, CallError> {
        let (root, folder) = root::locate(&self.settings.roots, Path::new(path))?;
        let caps = self.settings.caps;
        tokio::task::spawn_blocking(move || folder::read(&root, &folder, &caps)).await.map_err(|error| {
            CallError::new(ErrorKind::Other, "source", format!("reading the source stopped: {error}"))
        })?
    }

    fn check_git(&self, url: &str) -> Result<(), CallError> {
        self.check(url).map(|_| ())
    }

    async fn clone_git(&self, url: &str, reference: Option<&str>) -> Result<ClonedSource, CallError> {
        let url = self.check(url)?;
        git::clone(&self.settings, &self.rules, &self.names, &url, reference).await
    }
}

#[cfg(test)]
mod tests;
