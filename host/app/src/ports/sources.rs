//! Importing a project: from a folder below an allowed root, or by a shallow git clone under the egress rules.

use bytes::Bytes;
use domain::effect::CallError;

/// A file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// From the project's root, `/`-separated; passed `domain::effect::files::check_path`.
    pub path: String,
    /// Its content.
    pub content: Bytes,
}

/// A cloned project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClonedSource {
    /// The commit, 40 hex digits.
    pub commit: String,
    /// Its files, without `.git`.
    pub files: Vec<SourceFile>,
}

/// Reading projects. Symbolic links, special files and `.git` are left out; sizes are capped.
#[async_trait::async_trait]
pub trait Sources: Send + Sync + 'static {
    /// Read a folder. `invalid-input` names the roots when the path is not below one of them (after resolving links).
    async fn read_folder(&self, path: &str) -> Result<Vec<SourceFile>, CallError>;

    /// Check a git URL without network: scheme, user information, address.
    fn check_git(&self, url: &str) -> Result<(), CallError>;

    /// Clone: depth 1, no hooks, no submodules, no LFS, size and time capped.
    async fn clone_git(&self, url: &str, reference: Option<&str>) -> Result<ClonedSource, CallError>;
}
