//! Plugin packages on disk: implemented by `catalog`.

use bytes::Bytes;
use domain::id::Digest;
use domain::manifest::Manifest;
use std::path::PathBuf;

/// A component file as it was found; its bytes were stable while they were read.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// Where.
    pub path: PathBuf,
    /// The identity of the bytes.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Bytes,
    /// Its manifest.
    pub manifest: Manifest,
}

/// A file that is not a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct BrokenPackage {
    /// Where.
    pub path: PathBuf,
    /// Of its bytes, so that one broken file is reported once.
    pub digest: Option<Digest>,
    /// What is wrong and what to do.
    pub reason: String,
}

/// What a scan found: all packages of all plugin directories, in a fixed order.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// Readable packages, the preferred one later: of the same `kind name`, and of the same personality id, the last that can go live
    /// does (later directory, then the smaller set of personalities, then the higher version).
    pub packages: Vec<Package>,
    /// The rest.
    pub broken: Vec<BrokenPackage>,
}

/// What the bytes of a package hold: a component, the text of `SKILL.md`, or both under one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Unpacked {
    /// The component with its manifest.
    pub component: Option<(Bytes, Manifest)>,
    /// `SKILL.md`.
    pub document: Option<Document>,
}

impl Unpacked {
    /// The plugin's name; a package has at least one of both.
    #[must_use]
    pub fn name(&self) -> &str {
        let component = self.component.as_ref().map(|(_, manifest)| manifest.name.as_str());
        component.or(self.document.as_ref().map(|document| document.name.as_str())).unwrap_or_default()
    }
}

/// A `SKILL.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// A plugin's name.
    pub name: String,
    /// When to use it.
    pub description: String,
    /// A semantic version; 0.0.0 where it says none.
    pub version: String,
    /// For models; without the front matter.
    pub text: String,
}

/// Plugin directories.
#[async_trait::async_trait]
pub trait Packages: Send + Sync + 'static {
    /// Look at all directories. Files that did not change since the last scan are not read again.
    async fn scan(&self) -> Result<Scan, std::io::Error>;

    /// Answers when a directory may have changed (a signal only; the truth is the scan).
    async fn changed(&self);

    /// Read the manifest and check the structure of bytes that did not come from a directory.
    fn inspect(&self, bytes: &Bytes) -> Result<Manifest, BrokenPackage>;

    /// Read a package that somebody sent: a component, or a zip archive. Blocks for as long as it takes to look at each entry.
    fn unpack(&self, bytes: &Bytes) -> Result<Unpacked, BrokenPackage>;
}
