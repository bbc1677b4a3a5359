//! Installed plugins in the database, so that a second host can run them.

use super::store_error::StoreError;
use domain::id::Digest;
use domain::manifest::{Manifest, PluginKind};
use domain::time::Timestamp;
use uuid::Uuid;

/// An installed component.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginRecord {
    /// The identity of its bytes, which are a blob.
    pub digest: Digest,
    /// Its manifest.
    pub manifest: Manifest,
    /// Bytes.
    pub size: u64,
    /// When this host or another first installed it.
    pub installed_at: Timestamp,
}

/// What is live on one host, as it has to be known after a restart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LiveRecord {
    /// Its kind.
    pub kind: PluginKind,
    /// Its name; unique in its kind.
    pub name: String,
    /// The version that new calls go to. It was recorded before.
    pub digest: Digest,
    /// The file that it came from.
    pub path: String,
    /// The version that it replaced, while that one may have to come back.
    pub previous: Option<Digest>,
    /// Versions that were taken back and are not loaded again while their file has them.
    pub rejected: Vec<Digest>,
}

/// Plugin records. Bytes stay while an unfinished task or a retained journal names them.
#[async_trait::async_trait]
pub trait Plugins: Send + Sync + 'static {
    /// Record a component whose bytes are already a blob. Recording it again is a no-op.
    async fn insert_plugin(&self, record: PluginRecord) -> Result<(), StoreError>;

    /// By identity.
    async fn find_plugin(&self, digest: Digest) -> Result<Option<PluginRecord>, StoreError>;

    /// What was live on the host with this data directory, by kind and name.
    async fn list_live(&self, installation: Uuid) -> Result<Vec<LiveRecord>, StoreError>;

    /// Record what is live there now, in place of what was recorded.
    async fn replace_live(&self, installation: Uuid, live: Vec<LiveRecord>) -> Result<(), StoreError>;
}
